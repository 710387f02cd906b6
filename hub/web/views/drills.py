"""Drills that are begun on the page: which handlers have reacted so far."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.drill.roll_call import DrillResult, RollCall
from hub.remote.press import PressClient
from hub.store.guest_book.visit import Change
from hub.web.guest_book.changes import Changes

if TYPE_CHECKING:
    from hub.wire.event import Event


class Drills:
    """The last drill of this process, as it goes on."""

    def __init__(self, bus: Bus, settings: Settings, source: str, changes: Changes) -> None:
        """Listen.

        Args:
            bus: Not yet started.
            settings: Of the house.
            source: As which this process gives commands.
            changes: Told when a handler has reacted.
        """
        self._roll = RollCall(bus, settings, on_outcome=self._tell)
        self._client = PressClient(bus, settings, source, drill=True)
        self._changes = changes
        self._timeout_s = settings.drill.timeout_s
        self._last: Event | None = None
        self._roll.open()

    def begin(self, door: str) -> None:
        """Make a marked test press, which makes no sound.

        Raises:
            UnconfirmedError: there is no broker, or no hub.
        """
        self._last = self._client.press(door)
        self._roll.keep(self._last.id)
        self._tell()

    def began(self) -> datetime | None:
        """When the last drill began; None if there was none since the start of this process."""
        return self._last.time if self._last else None

    def results(self) -> list[DrillResult]:
        """What became of the last drill at each handler."""
        return self._roll.results(self._last.id) if self._last else []

    def is_over(self) -> bool:
        """Whether it has taken so long that a handler without an answer does not work."""
        began = self.began()
        return began is None or (datetime.now(UTC) - began).total_seconds() > self._timeout_s

    def _tell(self) -> None:
        self._changes.tell(Change("house"))
