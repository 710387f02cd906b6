"""The doctor's look at the state files: whether they are sound, and what waits in them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from devices.machine import Finding, duration, ok, size, skipped
from devices.machine.folder import is_there
from hub.admin.doctor.context import Context
from hub.admin.doctor.files import state_files
from hub.admin.doctor.house import AS_ROOT
from hub.store.file.schema import SCHEMA_VERSION
from hub.store.own_folders import HUB, are_apart, files_in, own_folder
from hub.system.clock import SYSTEM
from hub.terminal.words import count

FRESH_S = 60.0  # an event may be on its way for so long
PATIENCE_S = 8.0  # for all journals
UPDATE = "update this doorbell"
AGAIN = "look again in a minute; if it stays so, its process's log and `dmesg` say more"
DAMAGED = (
    "stop its process and move the file away: it begins a new one, and what only this file knew is "
    "lost. Replace a card that damages files"
)
ANEW = (
    "a backup has what was in it: `doorbell restore` (docs/backup.md). Without one its process "
    "begins a new file, and what only this file knew is lost"
)


def journals(context: Context) -> Iterator[Finding]:
    """Whether each state file is sound, and which events and dead letters wait in it."""
    folder = context.settings.house_dir
    shut = not os.access(folder, os.R_OK | os.X_OK) or (are_apart(folder) and os.geteuid())
    if context.is_guest and shut:
        yield Finding("skipped", f"{folder} may not be read by you", AS_ROOT)
        return
    if not is_there(folder):
        yield skipped(f"{folder} does not exist: nothing has run here yet")
        return
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        words = f"{folder} is on a disk that is mounted read-only: nothing can be stored"
        mend = "`dmesg` says why: a failing card is mounted so. Back up to another disk, replace it"
        yield Finding("problem", words, mend)
    files = files_in(folder)
    if not files:
        yield skipped(f"{folder}: no state files: nothing has run here yet")
    until_s = time.monotonic() + PATIENCE_S
    knows: set[str] = set()
    for path in files:
        try:
            found = state_files.look(path, until_s)
            knows |= found.hubs
            yield from _state_file(path.name, found)
        except state_files.TooLargeError:
            limit = f"cannot be read within {PATIENCE_S:g} s"
            yield skipped(f"{path.name}: {size(path.stat().st_size)}: {limit}")
        except state_files.StateFileError as error:
            yield _unreadable(path, error)
    own = own_folder(folder, HUB) / f"hub-{context.settings.hub}.db"
    if context.settings.hub in knows and not own.exists():
        yield Finding("problem", f"{own}: gone, although others have events of this hub", ANEW)


def _unreadable(path: Path, error: state_files.StateFileError) -> Finding:
    """To read a file that is not open, SQLite must be able to write beside it."""
    if isinstance(error, state_files.DamagedError):
        return Finding("problem", f"{path}: {error}", DAMAGED)
    if not (os.access(path, os.R_OK) and os.access(path.parent, os.W_OK)):
        return Finding("skipped", f"{path} may not be read by you ({error})", AS_ROOT)
    if isinstance(error, state_files.NewerError):
        return Finding("problem", f"{path}: {error}", UPDATE)
    return Finding("problem", f"{path}: {error}", AGAIN)


def _state_file(name: str, found: state_files.StateFile) -> Iterator[Finding]:
    if found.damage:
        yield Finding("problem", f"{name}: damaged: {found.damage}", DAMAGED)
        return
    if not found.schema:
        yield Finding("problem", f"{name}: empty", ANEW)
        return
    version = f"schema {found.schema}"
    if found.schema != SCHEMA_VERSION:
        version += f" (its process upgrades it to {SCHEMA_VERSION})"
    words = f"{name}: intact, {size(found.bytes)}, {version}, {count(found.events, 'event')}"
    age_s = SYSTEM.unix_s() - found.oldest_unix_s if found.oldest_unix_s is not None else 0.0
    if age_s > FRESH_S:
        number = count(found.unpublished, "event")
        waiting = f"{number} that no broker has acknowledged, the oldest {duration(age_s)} old"
        mend = "they are published as soon as its process and the broker are running: see there"
        yield Finding("warning", f"{words}, {waiting}", mend)
    else:
        yield ok(words)
    if found.dead:
        mend = (
            "`doorbell dead-letters list` shows them; `doorbell dead-letters retry --all` retries"
        )
        yield Finding("warning", f"{name}: {count(found.dead, 'dead letter')}", mend)
