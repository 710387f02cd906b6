"""What a test needs of the machine: where it is missing the test is skipped, and CI fails."""

import importlib
import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

RSS = 21  # of the fields behind the name in /proc/PID/stat: resident pages (proc(5))
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # not in the PATH of an ordinary user of Debian


def miss(what: str, command: str) -> NoReturn:
    """Skip the running test and name the command that installs what is missing; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it: {command}")
    pytest.skip(f"{what} is missing: {command}", allow_module_level=True)


def packages(*names: str) -> str:
    """The command that installs these packages of Debian."""
    return f"sudo apt install {' '.join(names)}"


def sound_library() -> ModuleType:
    """The library that decodes and plays; without it the running test, or file, is skipped.

    There is no wheel of it for 64-bit ARM, and `make run` goes on where it cannot be compiled.
    """
    try:
        return importlib.import_module("miniaudio")
    except ModuleNotFoundError:
        build = "lock/install .venv/bin/python sound"
        miss("the sound library", f"{packages('gcc', 'python3-dev')} && {build}")


def own_memory() -> None:
    """Skip the running test where an emulator of a processor hides a process's own memory."""
    *_, rest = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")
    if not int(rest.split()[RSS]):
        pytest.skip("an emulator hides a process's own memory")


def find_program(name: str, package: str = "") -> str:
    """Where a program is; without it the running test is skipped.

    Args:
        name: What it is called.
        package: The package of Debian that it comes with, if that has another name.
    """
    found = shutil.which(name) or shutil.which(name, path=SBIN)
    return found or miss(name, packages(package or name))
