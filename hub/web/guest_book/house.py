"""How the house is now, from what its processes publish of themselves."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hub.mqtt.house_messages import HouseMessages, ReceivedStatus
from hub.store.cursors import PRODUCERS
from hub.store.guest_book.visit import Change
from hub.system.clock import SYSTEM, Clock
from hub.web.guest_book.changes import Changes
from hub.wire import topics
from hub.wire.retained.quiet import QuietState
from hub.wire.retained.status import ProcessState, Reason, Status


@dataclass(frozen=True, slots=True)
class Process:
    """How the hub or a handler is.

    Attributes:
        name: Of the handler or hub.
        state: `starting`, `ready`, `failed` or `offline`.
        reason: Why, as a code: `stopped`, `disabled`, `vanished`, `fault`, `private`, or empty.
        since: When it published that, in UTC; None where it vanished: its last will has no time.
        note: Why, in one line for people; empty when there is nothing to tell. A process whose
            disk takes nothing says it here.
    """

    name: str
    state: ProcessState
    reason: Reason = ""
    since: datetime | None = None
    note: str = ""


class House:
    """The processes of the house, the quiet state and this machine's clock, as they are now."""

    def __init__(
        self, bus: HouseMessages, hub: str, changes: Changes, clock: Clock = SYSTEM
    ) -> None:
        """Listen.

        Args:
            bus: The connection.
            hub: The name of the hub whose page this is.
            changes: Told what has changed.
            clock: Of this machine.
        """
        self._hub = hub
        self._changes = changes
        self._clock = clock
        self._statuses: dict[str, Status] = {}
        self._quiet: QuietState | None = None
        bus.on_status(topics.source("+", "+"), self._hear_status)
        bus.on_quiet(topics.source("hub", hub), self._hear_quiet)

    def handlers(self) -> list[Process]:
        """All handlers, by name; one that was uninstalled is not among them."""
        found = [
            _process(source, status)
            for source, status in tuple(self._statuses.items())
            if topics.role_of(source) == "handler"
        ]
        return sorted(found, key=lambda process: process.name)

    def handler_names(self) -> list[str]:
        """The names of all handlers; none while the broker has not told them yet."""
        return [process.name for process in self.handlers()]

    def hub(self) -> Process:
        """The hub of this page; `offline` where nothing is known of it."""
        source = topics.source("hub", self._hub)
        status = self._statuses.get(source)
        return _process(source, status) if status else Process(self._hub, "offline")

    def may_speak(self, door: str) -> bool:
        """Whether a handler may say to the visitor at a door what a person writes."""
        known = tuple(self._statuses.items())
        return any(_may_speak(source, how) and how.may_serve(door) for source, how in known)

    def quiet(self) -> QuietState | None:
        """Whether the house is quiet, and until when; None where the hub has not said it yet."""
        return self._quiet

    def is_clock_believed(self) -> bool:
        """Whether this machine's clock was set since it started."""
        return self._clock.is_synchronised()

    def _hear_status(self, received: ReceivedStatus) -> None:
        """In the network thread."""
        if received.status is None:
            self._statuses.pop(received.source, None)
        elif received.source in self._statuses or len(self._statuses) < PRODUCERS:
            self._statuses[received.source] = self._completed(received.source, received.status)
        kind = "handler" if topics.role_of(received.source) == "handler" else "house"
        self._changes.tell(Change(kind, topics.name_of(received.source)))  # type: ignore[arg-type]

    def _completed(self, source: str, status: Status) -> Status:
        """A last will, or one that only starts, does not say to what it reacts: as before."""
        former = self._statuses.get(source)
        if former is None or status.reacts_to is not None:
            return status
        return replace(status, reacts_to=former.reacts_to, doors=former.doors, speaks=former.speaks)

    def _hear_quiet(self, state: QuietState) -> None:
        """In the network thread."""
        self._quiet = state
        self._changes.tell(Change("quiet"))


def _process(source: str, status: Status) -> Process:
    since = None
    if status.time:
        since = datetime.fromisoformat(status.time).astimezone(UTC)
    return Process(topics.name_of(source), status.state, status.reason, since, status.words)


def _may_speak(source: str, status: Status) -> bool:
    is_handler = topics.role_of(source) == "handler"
    is_off = status.reason in ("stopped", "disabled")
    return is_handler and not is_off and bool(status.speaks)
