"""The status: how a process is. It is retained, and has a last will for a process that vanishes."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from hub.system.log.masking import masked
from hub.wire import topics
from hub.wire.codec import Message, entry
from hub.wire.entries import Flag, ListOf, OneOf, Text, Whole

ProcessState = Literal["starting", "ready", "failed", "offline"]
Reason = Literal["", "stopped", "disabled", "vanished", "private", "fault"]
STATES: tuple[ProcessState, ...] = ("starting", "ready", "failed", "offline")
REASONS: dict[Reason, str] = {
    "": "",
    "stopped": "stopped",
    "disabled": "switched off by its settings",
    "vanished": "it vanished",
    "private": "private",
    "fault": "",
}
DETAIL_LENGTH = 2000
HOST_LENGTH = 64
TYPES = 32  # a handler of more leaves them out: it would seem to react to fewer
DOORS = 32  # likewise
_DOOR = Text(topics.NAME_LENGTH, pattern=topics.NAME)
_TYPE = Text(topics.TYPE_LENGTH, pattern=rf"\*|{topics.TYPE}")


@dataclass(frozen=True, slots=True)
class Status(Message):
    """How a process is.

    Attributes:
        state: One of STATES.
        reason: Why, as a code; one of REASONS.
        detail: Why, in words for the person who has to repair it.
        time: When it was published, RFC 3339 in UTC; None in a last will.
        pid: The number of the process.
        mqtt: The version of MQTT that it speaks with the broker.
        instance: Distinguishes it from other processes of its source, as long as it runs.
        host: The name of its machine.
        settled: Whether it has had its name for itself for some seconds, and so stays when another
            process of its source appears.
        reacts_to: The event types in a handler's file, `*` for all; None where it does not say.
        doors: At which doors, as far as its settings name some; None for all, or not known.
        speaks: Whether it says to the visitor what a person writes; None where it does not.
    """

    MAX_BYTES: ClassVar[int] = 20_480  # the longest detail, all types and all doors fit

    state: ProcessState = entry(OneOf(*STATES))
    reason: Reason = entry(OneOf(*REASONS, summary="Why, as a code."), default="")
    detail: str = entry(
        Text(DETAIL_LENGTH, printable=False, summary="Why, in words for a person."), default=""
    )
    time: str | None = entry(
        Text(20, pattern=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", summary="When this was published."),
        default=None,
    )
    pid: int | None = entry(Whole(1, 2**31), default=None)
    mqtt: str | None = entry(Text(16, summary="The version of MQTT that it speaks."), default=None)
    instance: str | None = entry(
        Text(16, pattern="[0-9a-f]{16}", summary="Another one after each start."), default=None
    )
    host: str | None = entry(Text(HOST_LENGTH, summary="The name of its machine."), default=None)
    settled: bool | None = entry(
        Flag("It stays when another process of its source appears."), default=None
    )
    reacts_to: tuple[str, ...] | None = entry(
        ListOf(_TYPE, TYPES, "The event types that a handler reacts to; * is all of them."),
        default=None,
    )
    doors: tuple[str, ...] | None = entry(
        ListOf(_DOOR, DOORS, "At which doors; absent for all, or where nothing is known."),
        default=None,
    )
    speaks: bool | None = entry(
        Flag("A handler that says to the visitor what a person writes as an answer."), default=None
    )

    @property
    def words(self) -> str:
        """Why, in one line for a person; empty when there is nothing to tell."""
        return " ".join(self.detail.split()) or REASONS[self.reason]

    @property
    def line(self) -> str:
        """State and reason in one line: `offline: it vanished`."""
        return ": ".join(filter(None, (self.state, self.words)))

    def may_react_to(self, kind: str) -> bool:
        """Whether this handler reacts to events of a type, or does not say so."""
        known = self.reacts_to
        return known is None or kind in known or topics.EVERY in known

    def may_serve(self, door: str) -> bool:
        """Whether this handler reacts to what happens at a door, or does not say so."""
        return self.doors is None or door in self.doors

    @classmethod
    def from_wire(cls, wire: Any) -> Self:
        """See Message. A reason that this version does not know counts as words."""
        reason = wire.get("reason", "")
        if isinstance(reason, str) and reason not in REASONS:
            wire = {**wire, "reason": "", "detail": wire.get("detail") or reason}
        return super(Status, cls).from_wire(wire)


def status(
    state: ProcessState,
    reason: Reason = "",
    detail: str = "",
    reacts_to: tuple[str, ...] | None = None,
    doors: tuple[str, ...] | None = None,
    **more: Any,
) -> Status:
    """A status whose words are masked, and all of it cut to what may be published."""
    if reacts_to and len(reacts_to) > TYPES:
        reacts_to = None
    if doors and len(doors) > DOORS:
        doors = None
    words = masked(detail)[:DETAIL_LENGTH]
    return Status(state, reason, words, reacts_to=reacts_to, doors=doors, **more)


VANISHED = Status("offline", "vanished")
