"""What a process remembers: JSON values by key, in its state file."""

import json
import sqlite3
from collections.abc import Iterator, MutableMapping
from typing import Any

from hub.store.state import State

PUT = "INSERT OR REPLACE INTO memory VALUES (?, ?)"
REMOVE = "DELETE FROM memory WHERE key = ?"


class DiskMemory(MutableMapping[str, Any]):
    """The memory table of a state file. Each change is committed at once."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, key: str) -> Any:
        return _value(key, self.text(key))

    def text(self, key: str) -> str | None:
        """The value as JSON; None where there is none."""
        with self._state.read() as db:
            row = db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def __setitem__(self, key: str, value: Any) -> None:
        text = json.dumps(value)
        self._state.do(lambda db: db.execute(PUT, (key, text)))

    def __delitem__(self, key: str) -> None:
        removed = self._state.do(lambda db: db.execute(REMOVE, (key,)))
        if not removed.rowcount:
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        with self._state.read() as db:
            rows = db.execute("SELECT key FROM memory ORDER BY key").fetchall()
        return iter([key for (key,) in rows])

    def __len__(self) -> int:
        with self._state.read() as db:
            (count,) = db.execute("SELECT COUNT(*) FROM memory").fetchone()
        return int(count)


class PendingMemory(MutableMapping[str, Any]):
    """The same table; changes show at once, and count with the transaction that writes them.

    A change that is never written is as if it had not been made. What was read is not read again:
    nobody else writes the table meanwhile.
    """

    def __init__(self, state: State) -> None:
        self._disk = DiskMemory(state)
        self._changes: dict[str, str | None] = {}  # JSON; None for a key that was deleted
        self._read: dict[str, str | None] = {}  # what the table has

    def __getitem__(self, key: str) -> Any:
        if key in self._changes:
            return _value(key, self._changes[key])
        if key not in self._read:
            self._read[key] = self._disk.text(key)
        return _value(key, self._read[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self._changes[key] = json.dumps(value)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._changes[key] = None

    def __iter__(self) -> Iterator[str]:
        present = set(self._disk) | self._changes.keys()
        return iter(sorted(key for key in present if self._changes.get(key, "") is not None))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def is_changed(self) -> bool:
        """Whether there is a change that is not committed."""
        return bool(self._changes)

    def write(self, db: sqlite3.Connection) -> None:
        """Write the changes into the open transaction."""
        for key, text in self._changes.items():
            if text is None:
                db.execute(REMOVE, (key,))
            else:
                db.execute(PUT, (key, text))

    def committed(self) -> None:
        """The transaction that wrote the changes is committed."""
        self._read |= self._changes
        self._changes.clear()


def _value(key: str, text: str | None) -> Any:
    if text is None:
        raise KeyError(key)
    return json.loads(text)
