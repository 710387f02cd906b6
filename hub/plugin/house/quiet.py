"""Whether the house is quiet, for handlers that make a noise."""

from datetime import UTC, datetime

from config import Quiet as Hours
from config import Settings
from hub.mqtt.bus import Bus
from hub.wire import topics
from hub.wire.retained.quiet import QuietState, by_schedule


class Quiet:
    """Knows whether anything may make a noise now: by the hub, else by the settings."""

    def __init__(self) -> None:
        self._hours = Hours()
        self._published: QuietState | None = None
        self._pretended: str | None = None

    def attach(self, settings: Settings, bus: Bus) -> None:
        """Listen to this house's hub; until it has published its state, the settings count."""
        self._hours = settings.quiet
        bus.on_quiet(topics.source("hub", settings.hub), self._receive)

    def reason(self) -> str | None:
        """Why nothing may make a noise now, in words; None when it may."""
        if self._pretended is not None:
            return self._pretended
        state = self.state()
        return state.words if state.quiet else None

    def state(self) -> QuietState:
        """The state now: what the hub has published counts until it ends, and then the settings do.

        The hub comes first because these settings may be older than its own, or read in another
        time zone.
        """
        now = datetime.now(UTC)
        state = self._published
        if state and (state.until is None or now < state.until):
            return state
        return by_schedule(self._hours, now)

    def pretend(self, reason: str | None) -> None:
        """In a test: be quiet for this reason; None: ask the clock again."""
        self._pretended = reason

    def _receive(self, state: QuietState) -> None:
        self._published = state


quiet = Quiet()
