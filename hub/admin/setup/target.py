"""Where `doorbell setup` writes, with which owner and mode, and what a new file begins with."""

import grp
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from config.places import INSTALLED, own_settings
from config.reading import sources

NEW = "# Written by `doorbell setup`; run it again at any time. Every setting: docs/settings.md\n"
GROUP = "doorbell"  # may read the settings of an installed doorbell
STATE = Path("/var/lib/doorbell")


class TargetError(RuntimeError):
    """The settings file cannot be read or written; the text says why and what to do."""


class Ownership(NamedTuple):
    """Whose a file is, and who may use it; -1 leaves an id as it is."""

    uid: int
    gid: int
    mode: int


def target(given: Path | None) -> Path:
    """The file to be written: that of the other commands, or where they will look for it.

    Raises:
        TargetError: the user cannot write it; the text says how it can be written.
    """
    asked = given
    if asked is None and os.environ.get("DOORBELL_CONFIG"):
        asked = Path(os.environ["DOORBELL_CONFIG"])
    try:
        path = asked.absolute() if asked else _usual()
        exists = path.exists()
    except PermissionError:  # not even its folder may be looked into
        path = asked or INSTALLED
        exists = True
    if _is_writable(path, exists=exists):
        return path
    if os.geteuid() == 0:
        raise TargetError(f"{path} cannot be written. Is its folder read-only?")
    option = f" --config {asked}" if asked else ""
    raise TargetError(f"{path} cannot be written by you. Run: sudo doorbell setup{option}")


def is_installed(path: Path) -> bool:
    """Whether it is the file that the units of an installed doorbell read."""
    return path == INSTALLED and STATE.is_dir()


def sudo(path: Path) -> str:
    """What commands begin with that use this file: only root may read what the units read."""
    return "sudo " if is_installed(path) else ""


def first_text(path: Path) -> str:
    """What a new file begins with; where the units are installed, what they need."""
    if path != INSTALLED:
        return NEW
    text = NEW
    if STATE.is_dir():
        text += f'state_dir = "{STATE}"\n'
    if (path.parent / "broker/passwords").is_dir():
        text += '\n[broker]\nhost = "localhost"\npassword_dir = "broker/passwords"\n'
    return text


def ownership(path: Path) -> Ownership:
    """That of the present file; of a new one, so that the units can read it and others cannot."""
    if path.exists():
        facts = path.stat()
        return Ownership(facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode))
    if os.geteuid() == 0 and path.parent == INSTALLED.parent:
        with suppress(KeyError):
            return Ownership(0, grp.getgrnam(GROUP).gr_gid, 0o640)
    return Ownership(-1, -1, 0o600)


def _usual() -> Path:
    path = sources.find()
    if path != sources.DEMO:
        return path
    is_for_all = INSTALLED.parent.is_dir() or os.geteuid() == 0
    return INSTALLED if is_for_all else own_settings()


def _is_writable(path: Path, *, exists: bool) -> bool:
    """Whether the user may replace the file, or make it and the folders above it."""
    folder = next((folder for folder in path.parents if folder.is_dir()), path.parent)
    if exists:
        folder = path.resolve().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    return not exists or os.access(path, os.R_OK | os.W_OK)
