"""The moves of a restore: each can be said again after a crash, and none is done while a process of ours runs."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.admin.backup.archive import BackupError
from hub.admin.install.instances import systemctl
from hub.admin.install.mosquitto import OrderError
from hub.system.atomic_file import fsync

STOP = "Stop it first: sudo systemctl stop doorbell.target (or end `doorbell run`)"
BOOTED = Path("/run/systemd/system")  # sd_booted(3)


def resume(note: Path) -> None:
    """Do all steps of a note that are not done yet, and take it away.

    Raises:
        BackupError: a file cannot be moved; the note stays.
    """
    try:
        work = json.loads(note.read_text(encoding="utf-8"))
        steps = [
            (Path(s["present"]), Path(s["aside"]), Path(s["new"]) if s["new"] else None)
            for s in work["steps"]
        ]
        rests = [Path(rest) for rest in work["rest"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"{note}: damaged ({error}). What was there before lies in a folder before-restore-…: look at it, put it "
            "back, and remove this note"
        ) from error
    try:
        for step in steps:
            _move(*step)
        for rest in rests:
            shutil.rmtree(rest, ignore_errors=True)
        note.unlink()
        fsync(note.parent)
    except OSError as error:
        raise BackupError(
            f"{error}. Mend that, then go on with the same `doorbell restore`"
        ) from error


def _move(present: Path, aside: Path, new: Path | None) -> None:
    """Set the present one aside, then put the new one in its place; whatever of it is done already stays done."""
    if new is not None and not os.path.lexists(new):
        return
    if os.path.lexists(present) and not os.path.lexists(aside):
        aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if new is not None and present.is_file() and not present.is_symlink():
            _keep(
                present, aside
            )  # so that there is one at any time: without settings the demo's would be in force
        else:
            present.rename(aside)
        fsync(aside.parent)
    if new is not None:
        present.parent.mkdir(parents=True, exist_ok=True)
        new.replace(present)
    fsync(present.parent)


def _keep(present: Path, aside: Path) -> None:
    """A second name for it; where the file system has none (FAT), a copy."""
    try:
        os.link(present, aside)
    except OSError:
        part = aside.with_name(f"{aside.name}.part")
        shutil.copy2(present, part)
        fsync(part)
        part.replace(aside)


@contextmanager
def at_rest(*folders: Path) -> Iterator[None]:
    """While this lasts, no process that has ever had a state file in these folders can open it.

    Raises:
        BackupError: one of them runs.
    """
    with ExitStack() as held:
        if BOOTED.is_dir() and (units := _active_units()):
            raise BackupError(f"{', '.join(units)}: running. {STOP}")
        for path in sorted({path for folder in folders for path in folder.glob("*.lock")}):
            lock = held.enter_context(path.open("a"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(
                    f"{path.stem.lstrip('.')}: running: it holds {path}. {STOP}"
                ) from None
        yield


def _active_units() -> list[str]:
    try:
        said = systemctl(
            "list-units",
            "--plain",
            "--no-legend",
            "--state=active,activating,reloading",
            "doorbell*",
        )
    except (OrderError, subprocess.SubprocessError):
        return []
    return [line.split()[0] for line in said.splitlines() if line.strip()]
