"""The moves of a restore: each can be repeated, and none is made under a running process."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hub.admin.backup.manifest import BackupError
from hub.admin.install.orders import OrderError, systemctl
from hub.system.files import atomic_file
from hub.system.files.atomic_file import fsync
from hub.system.files.folder_owner import ROOT_ID, acting_for
from hub.system.files.owned_file import OddFileError, open_regular

STOP = "Stop it first: sudo systemctl stop doorbell.target (or end `doorbell run`)"
LARGEST_NOTE = 64 << 20  # bytes
BOOTED = Path("/run/systemd/system")  # sd_booted(3)


@dataclass(frozen=True, slots=True)
class Step:
    """One move.

    Attributes:
        present: What is there now.
        aside: Where it goes.
        new: What comes in its place; None when nothing does.
    """

    present: Path
    aside: Path
    new: Path | None

    def as_json(self) -> dict[str, str | None]:
        """As the note has it."""
        new = str(self.new) if self.new else None
        return {"present": str(self.present), "aside": str(self.aside), "new": new}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Self:
        """Back from the note."""
        new = Path(entry["new"]) if entry["new"] else None
        return cls(Path(entry["present"]), Path(entry["aside"]), new)


def resume(note: Path) -> None:
    """Make all moves of a note that are not made yet, and remove the note.

    Raises:
        BackupError: a file cannot be moved; the note stays.
    """
    try:
        work = json.loads(_text(note))
        steps = [Step.from_json(entry) for entry in work["steps"]]
        rests = [Path(rest) for rest in work["rest"]]
    except (ValueError, KeyError, TypeError, RecursionError, OddFileError) as error:
        hint = (
            "What was there before is in a folder before-restore-…: look at it, put it back, and "
            "remove this note"
        )
        raise BackupError(f"{note}: damaged ({error}). {hint}") from error
    try:
        for step in steps:
            with acting_for(step.present.parent):
                _move(step)
        for rest in rests:
            with acting_for(rest.parent):
                shutil.rmtree(rest, ignore_errors=True)
        note.unlink()
        fsync(note.parent)
    except OSError as error:
        hint = "Mend that, then go on with the same `doorbell restore`"
        raise BackupError(f"{error}. {hint}") from error


def _text(note: Path) -> bytes:
    """What the note says; root obeys only what root has written."""
    with open_regular(note, LARGEST_NOTE) as file:
        writer = os.fstat(file.fileno()).st_uid
        if os.geteuid() == ROOT_ID != writer:
            hint = "Finish the restore as that user"
            raise BackupError(f"{note}: written by user {writer}, and not by root. {hint}")
        return file.read(LARGEST_NOTE)


def _move(step: Step) -> None:
    """Set the present one aside, then put the new one in its place; what is done stays done."""
    if step.new is not None and not os.path.lexists(step.new):
        return
    if os.path.lexists(step.present) and not os.path.lexists(step.aside):
        _set_aside(step)
    if step.new is not None:
        step.present.parent.mkdir(parents=True, exist_ok=True)
        step.new.replace(step.present)
    fsync(step.present.parent)


def _set_aside(step: Step) -> None:
    """A file that is replaced gets a second name: without settings the demo's would be in force."""
    step.aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _is_plain(step.present) and step.new is not None and _is_plain(step.new):
        try:
            os.link(step.present, step.aside)
        except OSError:  # a file system without hard links (FAT)
            atomic_file.copy(step.present, step.aside)
    else:
        step.present.rename(step.aside)
    fsync(step.aside.parent)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


@contextmanager
def at_rest(*folders: Path) -> Iterator[None]:
    """Meanwhile no process that has ever had a state file in these folders can open it.

    Raises:
        BackupError: one of them is running.
    """
    with ExitStack() as held:
        if BOOTED.is_dir() and (units := _active_units()):
            raise BackupError(f"{', '.join(units)}: running. {STOP}")
        for path in sorted({path for folder in folders for path in folder.glob("*.lock")}):
            try:
                lock = held.enter_context(open_regular(path, LARGEST_NOTE))
            except (OddFileError, FileNotFoundError):
                continue  # no process of ours has made it
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(
                    f"{path.stem.lstrip('.')}: running: it holds {path}. {STOP}"
                ) from None
        yield


def _active_units() -> list[str]:
    states = "--state=active,activating,reloading"
    try:
        lines = systemctl("list-units", "--plain", "--no-legend", states, "doorbell*").splitlines()
    except OrderError:
        return []
    return [line.split()[0] for line in lines if line.strip()]
