"""A lamp in a file, for the demo and for tests."""

import json
from pathlib import Path

from devices.lamp.lamp import ANSWER_S, OFF, LampState


class SimulatedLight:
    """A lamp in a file: like a real one it stays as it is while we are away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, patience_s: float = ANSWER_S) -> LampState:  # noqa: ARG002 - a file answers at once
        """See Light."""
        try:
            return LampState(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return OFF

    def put(self, state: LampState) -> None:
        """See Light."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(state.as_json()), encoding="utf-8")

    def close(self) -> None:
        """See Light."""
