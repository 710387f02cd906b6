"""Checks what a handler file says that it needs (PEP 723), before the file is loaded."""

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

# A link: install.sh puts a new environment behind the same name.
INSTALLED = Path("/opt/doorbell")
# From install.sh: what doorbell is installed with, a line like `requests==2.34.2` each.
LOCKED = Path(sys.prefix) / "constraints.txt"
# The regular expression of the specification: "Inline script metadata", packaging.python.org.
BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def faults(name: str, text: str) -> list[str]:
    """A line for each thing that a file needs and that is missing; none if it names nothing.

    Args:
        name: The file's name.
        text: What it holds.
    """
    blocks = [found["content"] for found in BLOCK.finditer(text) if found["type"] == "script"]
    if not blocks:
        return []
    if len(blocks) > 1:
        return [f"{name}: it has two `# /// script` blocks. Join them"]
    lines = (
        line[2:] if line.startswith("# ") else line[1:]
        for line in blocks[0].splitlines(keepends=True)
    )
    try:
        table = tomllib.loads("".join(lines))
    except tomllib.TOMLDecodeError as error:
        return [f"{name}: its `# /// script` block is not TOML: {error}"]
    except RecursionError:
        return [f"{name}: its `# /// script` block has too many brackets in brackets"]
    return _faults_in(name, table)


def how_to_install(name: str, missing: list[str]) -> str:
    """A command to copy; on an installed Pi the unit waits to be started again.

    Args:
        name: The handler file's name.
        missing: What is to be installed.
    """
    command = pip_install(*missing)
    if not _is_installed():
        return command
    unit = f"doorbell-handler@{name.removesuffix('.py')}"
    return f"{command} && sudo systemctl restart {unit}"


def pip_install(*packages: str) -> str:
    """A command to copy, which installs packages where this doorbell is."""
    named = " ".join(map(repr, packages))
    if not _is_installed():
        return f"{Path(sys.prefix) / 'bin' / 'pip'} install {named}"
    return f"sudo {INSTALLED / 'bin' / 'pip'} install {named}"


def _is_installed() -> bool:
    return INSTALLED.resolve() == Path(sys.prefix).resolve()


def _faults_in(name: str, table: dict[str, Any]) -> list[str]:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - 2 MB
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    found: list[str] = []
    missing: list[str] = []
    wanted, python = table.get("dependencies", []), table.get("requires-python", "")
    if not isinstance(wanted, list):
        return [f'{name}: dependencies is not a list. Write dependencies = ["pyserial>=3.5"]']
    here = ".".join(map(str, sys.version_info[:3]))
    try:
        if not SpecifierSet(str(python)).contains(here):
            found.append(f"{name}: it needs Python {python}, and this is {here}")
    except InvalidSpecifier:
        found.append(
            f'{name}: requires-python: {python!r} is not a version. Write it like ">=3.11"'
        )
    for one in wanted:
        try:
            needed = Requirement(str(one))
        except InvalidRequirement:
            found.append(
                f'{name}: dependencies: {one!r} is not a requirement. Write it like "pyserial>=3.5"'
            )
            continue
        if (needed.marker is None or needed.marker.evaluate()) and (why := _why_not(needed)):
            if locked := _locked(needed.name):
                found.insert(0, _conflict(name, needed, locked))
                continue
            missing.append(str(one))
            found.append(f"{name}: it needs {one}, and {why}.")
    if missing:
        found[-1] += f" Install what is missing where doorbell is: {how_to_install(name, missing)}"
    return found


def _conflict(name: str, needed: Any, locked: str) -> str:
    return (
        f"{name}: it needs {needed}, and doorbell itself is installed with {needed.name} {locked}."
        f" Write a version that {locked} fits, or leave the version out"
    )


def _why_not(needed: Any) -> str:
    """Why this requirement is not met; empty when it is."""
    try:
        there = importlib.metadata.version(needed.name)
    except importlib.metadata.PackageNotFoundError:
        return "it is not installed"
    return "" if needed.specifier.contains(there, prereleases=True) else f"{there} is installed"


def _locked(name: str) -> str:
    """The version that doorbell itself is installed with; empty if it does not use this."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    if not LOCKED.is_file():
        return ""
    for line in LOCKED.read_text(encoding="utf-8").splitlines():
        library, _, version = line.partition("==")
        if canonicalize_name(library) == canonicalize_name(name):
            return version
    return ""
