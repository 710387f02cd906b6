"""A lamp in a file, for the demo and for tests."""

import json
from pathlib import Path

from devices.lamp.lamp import ANSWER_S, OFF, LampState
from devices.machine.atomic_file import write_file


class SimulatedLight:
    """A lamp in a file. Like a real one it keeps its state while our process is away.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, patience_s: float = ANSWER_S) -> LampState:  # noqa: ARG002 - needs no wait
        """See Light."""
        try:
            return LampState(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return OFF

    def put(self, state: LampState) -> None:
        """See Light."""
        write_file(self._path, json.dumps(state.as_json()))

    def close(self) -> None:
        """See Light."""
