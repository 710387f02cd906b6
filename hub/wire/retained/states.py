"""What the hub publishes for programs without an inbox, like Home Assistant: rings and states."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.wire.codec import Message, Nullable, entry
from hub.wire.command import ANSWER_LENGTH
from hub.wire.entries import Flag, ListOf, Moment, OneOf, Seconds, Text, Whole

YOUNG_S = 60.0  # an older press is no ring for such a program: its visitor may have left
MISSED_KEPT = 10
FAILED_KEPT = 100
FAULT_LENGTH = 250  # a state of Home Assistant has 255 characters at most
Visit = Literal["none", "waiting", "answered", "missed"]
VISITS: tuple[Visit, ...] = ("none", "waiting", "answered", "missed")
DrillState = Literal["none", "running", "passed", "failed"]
DRILL_STATES: tuple[DrillState, ...] = ("none", "running", "passed", "failed")
RINGS = {
    "doorbell.pressed": "ring",
    "doorbell.double_pressed": "double_press",
    "doorbell.long_pressed": "long_press",
}
PROBE = "tag/doorbell-doctor"  # below the prefix of the discovery


def taken(prefix: str, root: str, hub: str) -> str:
    """The topic that a program listens to once it has taken the announcement of this hub.

    Only the doctor publishes there, without content: the broker tells it whether anybody listens.
    """
    return f"{prefix}/{PROBE}/{root}/{hub}"


@dataclass(frozen=True, slots=True)
class Ring(Message):
    """Somebody rings now. It may come twice, with the same id."""

    event_type: str = entry(OneOf(*RINGS.values()))
    id: str = entry(Text(64, summary="The id of the press: the same id again is the same ring."))
    time: datetime = entry(Moment())
    age_s: float = entry(Seconds(YOUNG_S, zero=True, summary="Seconds since the press."))
    via: str = entry(Text(64, summary="How it came: button, command or trigger."), default="")


@dataclass(frozen=True, slots=True)
class DoorState(Message):
    """How a door is.

    Attributes:
        visitor: When somebody rang last; None if it is not known.
        visit: How that visit stands.
        answer: What the last visitor was answered.
        by: Who answered; empty when that is not known.
        answered: When.
        missed: When somebody rang without a `Ring`, because it came too late; the newest last.
    """

    visitor: datetime | None = entry(Nullable(Moment("When somebody rang last.")), default=None)
    visit: Visit = entry(OneOf(*VISITS), default="none")
    answer: str | None = entry(Nullable(Text(ANSWER_LENGTH)), default=None)
    by: str = entry(Text(64, summary="Who answered."), default="")
    answered: datetime | None = entry(Nullable(Moment("When.")), default=None)
    missed: tuple[datetime, ...] = entry(
        ListOf(
            Moment(), MISSED_KEPT, "When somebody rang, told too late to ring; the newest last."
        ),
        default=(),
    )


@dataclass(frozen=True, slots=True)
class Health(Message):
    """How the hub and its machine are.

    Attributes:
        disk: What is wrong with the disk; empty when all is well.
        free_mb: How much room the disk has.
        clock: Whether the clock can be believed.
        drill: How the last drill since the start of the hub ended.
        drilled: When.
        failed: Which handlers did not work in it, and why.
        fault: The last event that a handler gave up, and why.
        fault_at: When.
    """

    disk: str = entry(Text(FAULT_LENGTH, summary="What is wrong with the disk."), default="")
    free_mb: int | None = entry(Nullable(Whole(0, 2**40)), default=None)
    clock: bool = entry(Flag("Whether the clock can be believed."), default=True)
    drill: DrillState = entry(OneOf(*DRILL_STATES), default="none")
    drilled: datetime | None = entry(Nullable(Moment("When the last drill was.")), default=None)
    failed: tuple[str, ...] = entry(
        ListOf(Text(FAULT_LENGTH), FAILED_KEPT, "What did not work in it."), default=()
    )
    fault: str = entry(Text(FAULT_LENGTH, summary="What a handler gave up last."), default="")
    fault_at: datetime | None = entry(Nullable(Moment("When.")), default=None)
