"""Settings of a handler that knows visits."""

from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

from pydantic import BaseModel, Field

from devices.button.visits import VisitBook, open_book

SETTLE_S = 5.0  # after an outage events come in any order: no visit counts as missed before that


class VisitSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, VisitSettings)`."""

    gap_s: float = Field(60, ge=1, le=3600, description="presses so close are one visit")
    missed_after_s: float = Field(120, ge=5, le=3600, description="the wait for an answer")

    def faults_in_visits(self) -> list[str]:
        """A line if a press would belong to a visit that was missed already, for `check`."""
        if self.gap_s > self.missed_after_s:
            return ["gap_s: it is at most missed_after_s. Lower it, or raise missed_after_s"]
        return []

    def is_over(self, age_s: float) -> bool:
        """Whether a press of this age, in seconds, belongs to a visitor who has left."""
        return age_s > self.missed_after_s

    def left_s(self, age_s: float) -> float:
        """Seconds until the visitor is missed whose last press has this age, in seconds."""
        return max(self.missed_after_s - age_s, SETTLE_S)

    def open_book(
        self, memory: MutableMapping[str, Any], door: str
    ) -> AbstractContextManager[VisitBook]:
        """Open the book of a door; see `open_book`."""
        return open_book(memory, door, gap_s=self.gap_s, missed_after_s=self.missed_after_s)
