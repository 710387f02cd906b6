"""The topic tree. Everybody writes under their own source only, so that a broker's ACL can hold them to it.

    doorbell/ROLE/NAME/event/TYPE/SUBJECT   events, never retained
    doorbell/ROLE/NAME/status               how the process is, retained, with a last will
    doorbell/ROLE/NAME/ask/TYPE             "what did I miss?", asked by a consumer
    doorbell/ROLE/NAME/answer/CONSUMER      a page of a journal, for the consumer of that name
    doorbell/ROLE/NAME/press/HUB/DOOR       "press that button", a wish: the hub decides
    doorbell/ROLE/NAME/drill/HUB/DOOR       "drill at that door", likewise
    doorbell/ROLE/NAME/quiet/HUB            "be quiet", or "no longer": a wish
    doorbell/hub/NAME/quiet                 whether the house is quiet, retained
    doorbell/ROLE/NAME/answered/HUB/DOOR    "somebody answers at that door", likewise
    doorbell/ROLE/NAME/wake/HANDLER         "look into your inbox", said by who put something there

`doorbell/ROLE/NAME` is a source: `doorbell/hub/home`, `doorbell/handler/notify`. Types that begin with `doorbell.`,
`visitor.` or `clock.` are the hubs' alone: whoever listens for a press listens to hubs, and a handler cannot ring.
"""

import re

ROOT = "doorbell"
ROLES = ("hub", "handler", "cli", "web")
PRESSED = "doorbell.pressed"
DOUBLE_PRESSED = "doorbell.double_pressed"
PRESSES = (PRESSED, DOUBLE_PRESSED)  # each press is exactly one of these
ANSWERED = "visitor.answered"
DAY_ENDED = "clock.day_ended"
DRILLED = "doorbell.drilled"  # a marked test press: who listens for presses never hears it
DRILL_FAILED = "doorbell.drill_failed"
HUB_TYPES = ("doorbell.", "visitor.", "clock.")  # what only a hub may say
OUTCOME_TYPES = ("handler.",)  # what the consumer loop says of a handler's work
EVERY = "*"  # in place of a type: all of them
_EVERY_ASKED = "all"  # the same as a level of a topic; no type, because a type has a dot
_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
_SOURCE = re.compile(rf"{ROOT}/({'|'.join(ROLES)})/({_NAME})")
_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_SUBJECT = re.compile(_NAME)
_TYPE_LENGTH = 64
_EVENT_LEVELS = 6
_TYPE_LEVEL = 4  # where the type stands in the topics that name one


def source(role: str, name: str) -> str:
    """Who speaks: `doorbell/handler/notify`."""
    return f"{ROOT}/{role}/{name}"


def name_of(source: str) -> str:
    """The last part of a source: `notify`."""
    return source.rpartition("/")[2]


def event(source: str, kind: str, subject: str) -> str:
    """Where an event is published."""
    return f"{source}/event/{kind}/{subject}"


def event_filter(kind: str) -> str:
    """What to subscribe to for all events of a type, whoever may say it."""
    if kind == EVERY:
        return every_event()
    return f"{ROOT}/{role_for(kind)}/+/event/{kind}/+"


def heard(topic: str) -> str:
    """A topic as it was published, whatever the broker made of it.

    RabbitMQ's plugin has no dots in topics: it passes each one on as a slash
    (https://www.rabbitmq.com/docs/mqtt, "Topic Level Separator and Wildcards").
    """
    parts = topic.split("/")
    if parts[0] != ROOT or len(parts) < _EVENT_LEVELS or parts[3] not in ("event", "ask"):
        return topic
    end = len(parts) - (parts[3] == "event")  # behind an event's type comes its subject
    return "/".join((*parts[:_TYPE_LEVEL], ".".join(parts[_TYPE_LEVEL:end]), *parts[end:]))


def every_ask() -> str:
    """All questions of everybody. No `+` for the type: see `heard`."""
    return f"{ROOT}/+/+/ask/#"


def every_event() -> str:
    """All events of everybody."""
    return f"{ROOT}/+/+/event/#"


def status(source: str) -> str:
    """Where a process says how it is."""
    return f"{source}/status"


def ask(source: str, kind: str) -> str:
    """Where a consumer asks for what it missed."""
    return f"{source}/ask/{_EVERY_ASKED if kind == EVERY else kind}"


def asked(topic: str) -> str:
    """The event type that a question is about."""
    kind = name_of(topic)
    return EVERY if kind == _EVERY_ASKED else kind


def answer(source: str, consumer: str) -> str:
    """Where a producer answers one consumer."""
    return f"{source}/answer/{consumer}"


def press(source: str, hub: str, door: str) -> str:
    """Where somebody wishes a button pressed."""
    return f"{source}/press/{hub}/{door}"


def drill(source: str, hub: str, door: str) -> str:
    """Where somebody wishes a drill."""
    return f"{source}/drill/{hub}/{door}"


def answered(source: str, hub: str, door: str) -> str:
    """Where somebody wishes to have answered the visitor."""
    return f"{source}/answered/{hub}/{door}"


def wake(source: str, handler: str) -> str:
    """Where somebody wakes a handler."""
    return f"{source}/wake/{handler}"


def quiet(source: str) -> str:
    """Where a hub says whether the house is quiet."""
    return f"{source}/quiet"


def quiet_wish(source: str, hub: str) -> str:
    """Where somebody wishes quiet."""
    return f"{source}/quiet/{hub}"


def role_for(kind: str) -> str:
    """Who may say events of this type."""
    return "hub" if kind.startswith(HUB_TYPES) else "handler"


def fault_in(source: str, kind: str, subject: str) -> str | None:
    """Why these three cannot make an event's topic; None when they can."""
    speaker = _SOURCE.fullmatch(source)
    if not speaker:
        return "source is not doorbell/ROLE/NAME"
    if type_fault := fault_in_type(kind):
        return type_fault
    if not _SUBJECT.fullmatch(subject):
        return "subject is not a name of a-z, 0-9, - and _"
    if speaker[1] != role_for(kind):
        return f"only a {role_for(kind)} may say an event of this type"
    return None


def fault_in_type(kind: str) -> str | None:
    """Why this cannot be an event's type; None when it can."""
    if not _TYPE.fullmatch(kind) or len(kind) > _TYPE_LENGTH:
        return "type is not words of a-z, 0-9 and _ joined by dots, like doorbell.pressed"
    return None
