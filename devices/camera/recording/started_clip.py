"""A visit, and the clip that is started for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

Clips = Mapping[str, Any]


class Visit(Protocol):
    """Whom to record: a press, as handlers get it."""

    @property
    def id(self) -> str:
        """The id of the press."""

    @property
    def door(self) -> str:
        """Where it was."""

    @property
    def time(self) -> datetime:
        """When it was."""

    def age_s(self) -> float:
        """How long ago it was, in seconds."""


class StartedClip(NamedTuple):
    """A clip that is being recorded.

    Attributes:
        camera: The key of its camera, for `finish_clip`.
        name: Its file's name.
        left_s: How many seconds from now on it is to end.
        is_complete: Whether it has ended already.
    """

    camera: str
    name: str
    left_s: float
    is_complete: bool = False

    def in_words(self) -> str:
        """What becomes of it, for people."""
        return f"{self.name} is complete" if self.is_complete else f"recording {self.name}"

    def with_press(self, known: Clips, visit: Visit) -> dict[str, Any]:
        """The presses during it, by door.

        Args:
            known: What this gave for the press before, of whatever clip; empty at first.
            visit: The press that is added.
        """
        same = known if known.get("name") == self.name else {"doors": {}}
        doors = same["doors"]
        presses = dict.fromkeys([*doors.get(visit.door, []), visit.id])
        return {**same, "name": self.name, "doors": doors | {visit.door: list(presses)}}
