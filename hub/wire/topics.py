"""The topics: who publishes what where, below the root that the settings name.

    ROOT/ROLE/NAME/event/TYPE/SUBJECT            an event; the dots of its type are levels
    ROOT/ROLE/NAME/status                        how the process is: retained, with a last will
    ROOT/ROLE/NAME/query/TYPE                    "what did I miss?", from a consumer
    ROOT/ROLE/NAME/reply/CONSUMER                the reply of a producer to one consumer
    ROOT/ROLE/NAME/command/press/HUB/DOOR        a command, like these: press, drill, answer,
    ROOT/ROLE/NAME/command/quiet/HUB             quiet,
    ROOT/ROLE/NAME/command/subscribe/HUB/PHONE   subscribe
    ROOT/ROLE/NAME/command/recordings/HUB/DOOR   delete or keep what was recorded
    ROOT/ROLE/NAME/command/wake/HANDLER          and wake
    ROOT/ROLE/NAME/command/snapshot/HANDLER/HUB/DOOR    take a picture
    ROOT/hub/NAME/quiet                          whether the house is quiet: retained
    ROOT/handler/NAME/picture/HUB/DOOR           a JPEG of what is at the door
    ROOT/hub/NAME/ring/DOOR                      a ring, for programs without an inbox
    ROOT/hub/NAME/door/DOOR                      how a door is: retained
    ROOT/hub/NAME/health                         how the hub and its machine are: retained

Each process publishes below its own ROLE and NAME only, so that the access control list of a broker
can hold it to that. The root is an address, not an identity: the source of an event is
`doorbell/ROLE/NAME` under every root.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

NAMESPACE = "doorbell"  # what every source begins with
ROLES = ("hub", "handler", "producer", "cli", "web")
PRESSED = "doorbell.pressed"
DOUBLE_PRESSED = "doorbell.double_pressed"
PRESSES = (PRESSED, DOUBLE_PRESSED)  # each press is exactly one of these
ANSWERED = "visitor.answered"
DAY_ENDED = "clock.day_ended"
DRILLED = "doorbell.drilled"  # a marked test press: who listens for presses never hears it
DRILL_FAILED = "doorbell.drill_failed"
RECORDINGS_WANTED = "doorbell.recordings_wanted"  # deleted or kept, by a person
PUSH_CHANGED = "doorbell.push_changed"  # a phone wants web push, or no more; its subject is it
HUB_TYPES = ("doorbell.", "visitor.", "clock.")  # what only a hub may publish
OUTCOME_TYPES = ("handler.",)  # what the consumer loop publishes about a handler's work
EVERY = "*"  # in place of a type: all of them
_EVERY_LEVEL = "all"  # the same in a topic; no type, because a type has a dot
NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
NAME_LENGTH = 64
_SOURCE = re.compile(rf"{NAMESPACE}/({'|'.join(ROLES)})/({NAME})")
TYPE = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+"  # of an event
TYPE_LENGTH = 64
_TYPE = re.compile(TYPE)
_SUBJECT = re.compile(NAME)


class Addressed(Protocol):
    """What the topic of an event is made of."""

    @property
    def source(self) -> str:
        """The process that publishes it."""

    @property
    def type(self) -> str:
        """What happened."""

    @property
    def subject(self) -> str:
        """To what it happened."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one house.

    Attributes:
        root: The level, or levels, above all of them.
    """

    root: str = NAMESPACE

    def of(self, source: str, *levels: str) -> str:
        """A topic of this source; its role and name may be `+`."""
        return "/".join((self.root, source.removeprefix(f"{NAMESPACE}/"), *levels))

    def event(self, source: str, kind: str, subject: str) -> str:
        """Where an event is published."""
        return f"{self.root}{source[len(NAMESPACE) :]}/event/{kind.replace('.', '/')}/{subject}"

    def of_event(self, event: Addressed) -> str:
        """Where this event is published."""
        return self.event(event.source, event.type, event.subject)

    def event_filters(self, kind: str) -> tuple[str, ...]:
        """The filters for all events of a type, whoever may publish them, and for no others."""
        if kind == EVERY:
            return (f"{self.root}/+/+/event/#",)
        return tuple(self.event(source(role, "+"), kind, "+") for role in roles_for(kind))

    def status(self, source: str) -> str:
        """Where a process publishes how it is."""
        return self.of(source, "status")

    def query(self, source: str, kind: str) -> str:
        """Where a consumer queries what it missed."""
        return self.of(source, "query", _EVERY_LEVEL if kind == EVERY else kind.replace(".", "/"))

    def every_query(self) -> str:
        """The filter for the queries of all consumers."""
        return self.of(source("+", "+"), "query", "#")

    def queried(self, topic: str) -> str:
        """The event type that a query is about."""
        kind = ".".join(self._levels(topic)[3:])
        return EVERY if kind == _EVERY_LEVEL else kind

    def reply(self, source: str, consumer: str) -> str:
        """Where a producer replies to one consumer."""
        return self.of(source, "reply", consumer)

    def command(self, source: str, name: str, *target: str) -> str:
        """Where a command is given; the target is a hub and a door, a hub, or a handler."""
        return self.of(source, "command", name, *target)

    def target(self, topic: str) -> tuple[str, ...]:
        """Whom a command is for: what stands behind its name."""
        return tuple(self._levels(topic)[4:])

    def quiet(self, source: str) -> str:
        """Where a hub publishes whether the house is quiet."""
        return self.of(source, "quiet")

    def picture(self, source: str, hub: str, door: str) -> str:
        """Where a handler publishes a picture of what is at a door."""
        return self.of(source, "picture", hub, door)

    def ring(self, source: str, door: str) -> str:
        """Where a hub publishes a ring for programs without an inbox."""
        return self.of(source, "ring", door)

    def door(self, source: str, door: str) -> str:
        """Where a hub publishes how a door is."""
        return self.of(source, "door", door)

    def health(self, source: str) -> str:
        """Where a hub publishes how it and its machine are."""
        return self.of(source, "health")

    def source_of(self, topic: str) -> str:
        """The source below whose levels a topic of this house lies."""
        return "/".join((NAMESPACE, *self._levels(topic)[:2]))

    def _levels(self, topic: str) -> list[str]:
        return topic[len(self.root) + 1 :].split("/")


def source(role: str, name: str) -> str:
    """A process as the source of events: `doorbell/handler/notify`."""
    return f"{NAMESPACE}/{role}/{name}"


def name_of(source: str) -> str:
    """The name in a source: `notify`."""
    return source.rpartition("/")[2]


def consumer_of(source: str) -> str:
    """As which consumer a process queries: by its name. The page's has a dot: no handler has it."""
    name = name_of(source)
    return f"web.{name}" if role_of(source) == "web" else name


def role_of(source: str) -> str:
    """The role in a source: `handler`."""
    return source.split("/")[1]


def role_for(kind: str) -> str:
    """The role of doorbell's own processes that publish events of this type."""
    return roles_for(kind)[0]


def roles_for(kind: str) -> tuple[str, ...]:
    """The roles that may publish events of this type."""
    if kind.startswith(HUB_TYPES):
        return ("hub",)
    return ("handler",) if kind.startswith(OUTCOME_TYPES) else ("handler", "producer")


def may_come_from(role: str, kind: str) -> bool:
    """Whether a process of this role may publish events of this type, or of every type."""
    return kind == EVERY or role in roles_for(kind)


def is_name(text: str) -> bool:
    """Whether this can be a name in a topic, like that of a hub or door."""
    return _SUBJECT.fullmatch(text) is not None


@lru_cache(maxsize=1000)  # each event is asked about several times, in every process
def fault_in(source: str, kind: str, subject: str) -> str | None:
    """Why an event may not have these three; None when it may."""
    speaker = _SOURCE.fullmatch(source)
    if not speaker:
        return f"source is not {NAMESPACE}/ROLE/NAME"
    if type_fault := fault_in_type(kind):
        return type_fault
    if not is_name(subject):
        return "subject is not a name of a-z, 0-9, - and _"
    if speaker[1] not in roles_for(kind):
        return f"only a {' or a '.join(roles_for(kind))} may publish an event of this type"
    return None


def fault_in_type(kind: str) -> str | None:
    """Why this cannot be the type of an event; None when it can."""
    if not _TYPE.fullmatch(kind) or len(kind) > TYPE_LENGTH:
        return "type is not words of a-z, 0-9 and _ joined by dots, like doorbell.pressed"
    return None
