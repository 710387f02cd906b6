"""The epochs of a state file: which numbering its next events belong to."""

import logging
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from hub.store.file.origin import Origin
from hub.store.file.state_file import StateError, StateFile
from hub.system.clock import Clock, Stamp, is_same_boot

log = logging.getLogger(__name__)


class Epochs:
    """Begins a new numbering wherever the next numbers may have been used already.

    That is with every new file, with every boot (the card may have been written from an older copy
    of itself, and what was numbered last before a power cut may not be on it), and with every file
    that was put in place of another one. Where the boot cannot be told, each start is taken for
    one.

    Attributes:
        current: 16 hex digits, the epoch of the events that are written now.
        is_born_in_this_boot: Whether there was no such file before this boot of the machine.
    """

    def __init__(self, file: StateFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        with file.read() as db:
            meta = dict(db.execute("SELECT key, value FROM meta"))
        origin = Origin(file, clock.boot, meta)
        now = {"numbered in": clock.boot}
        if "epoch" not in meta:
            now |= {"epoch": _new_epoch(), "born in": clock.boot}
        elif origin.is_copy:
            now |= {"epoch": _new_epoch(), **_copied(clock.stamp())}
        elif meta.get("numbered in", clock.boot) != clock.boot:
            now |= {"epoch": _new_epoch()}
        try:
            with origin.noted() as facts, file.write() as db:
                _set_meta(db, now | facts)
        except (StateError, OSError):
            if "epoch" in now:
                raise
            log.warning("%s: this start cannot be noted: the disk takes nothing", file.path)
        meta |= now
        self.is_born_in_this_boot = is_same_boot(meta.get("born in", ""), clock.boot)
        self._copied = _copied_at(meta)
        self.current: str = meta["epoch"]

    @property
    def copied_unix_s(self) -> float:
        """When this file was found to be a copy that was put in place; 0 if it is none.

        What happened before may have been acted on already, by the process on the file that it
        replaced. Where the clock was set later in the same boot, it is the right time. Where it was
        set in a later boot only, that time may be any, but not after this boot.
        """
        if self._copied is None:
            return 0.0
        found = self._clock.corrected(self._copied)
        at = found.time.timestamp()
        if found.synchronised or not self._clock.is_synchronised():
            return at
        return min(at, self._clock.unix_s() - self._clock.uptime_s())

    def begin(self) -> None:
        """Begin a new epoch."""
        with self._file.write() as db:
            epoch = begin_in(db)
        self.follow(epoch)

    def follow(self, epoch: str) -> None:
        """Number in an epoch that has just begun."""
        self.current = epoch


def begin_in(db: sqlite3.Connection) -> str:
    """Begin a new epoch in a database, and give it."""
    epoch = _new_epoch()
    _set_meta(db, {"epoch": epoch})
    return epoch


def _copied(now: Stamp) -> dict[str, str]:
    """What `meta` says of a copy; more of one that was found before the clock was set."""
    found_in = "" if now.synchronised else f"{now.boot} {now.uptime_s}"
    return {"copied": repr(now.time.timestamp()), "copied in": found_in}


def _copied_at(meta: Mapping[str, str]) -> Stamp | None:
    """When the file was found to be a copy; None if it is none."""
    if "copied" not in meta:
        return None
    time = datetime.fromtimestamp(float(meta["copied"]), UTC)
    boot, _, uptime_s = meta.get("copied in", "").partition(" ")
    return Stamp(time, boot, float(uptime_s or 0), synchronised=not boot)


def _new_epoch() -> str:
    return secrets.token_hex(8)


def _set_meta(db: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())
