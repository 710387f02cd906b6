"""What a handler remembers, in its state file."""

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from hub.store.database import State


class DiskMemory(MutableMapping[str, Any]):
    """The memory table of a process's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, key: str) -> Any:
        with self._state.read() as db:
            row = db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return json.loads(row[0])

    def __setitem__(self, key: str, value: Any) -> None:
        text = json.dumps(value)
        self._state.do(
            lambda db: db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, text)),
            durable=True,
        )

    def __delitem__(self, key: str) -> None:
        gone = self._state.do(
            lambda db: db.execute("DELETE FROM memory WHERE key = ?", (key,)), durable=True
        )
        if not gone.rowcount:
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        with self._state.read() as db:
            rows = db.execute("SELECT key FROM memory ORDER BY key").fetchall()
        return iter([key for (key,) in rows])

    def __len__(self) -> int:
        with self._state.read() as db:
            (count,) = db.execute("SELECT COUNT(*) FROM memory").fetchone()
        return int(count)
