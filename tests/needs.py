"""What a test needs of the machine: where it is missing the test is skipped, and CI fails."""

import os
import shutil
from typing import NoReturn

import pytest

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # not in the PATH of an ordinary user of Debian


def miss(what: str, command: str) -> NoReturn:
    """Skip the running test and name the command that installs what is missing; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it: {command}")
    pytest.skip(f"{what} is missing: {command}")


def packages(*names: str) -> str:
    """The command that installs these packages of Debian."""
    return f"sudo apt install {' '.join(names)}"


def find_program(name: str, package: str = "") -> str:
    """Where a program is; without it the running test is skipped.

    Args:
        name: What it is called.
        package: The package of Debian that it comes with, if that has another name.
    """
    found = shutil.which(name) or shutil.which(name, path=SBIN)
    return found or miss(name, packages(package or name))
