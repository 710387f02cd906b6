"""The event types that come with doorbell: what each means, and the schema of its data."""

from dataclasses import dataclass
from typing import Any

from hub.wire import topics
from hub.wire.recordings import ACTIONS

Schema = dict[str, Any]


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | optional,
        "additionalProperties": False,
    }


def _said(summary: str) -> Schema:
    return {"type": "string", "description": summary}


def _number(least: float = 0, kind: str = "number") -> Schema:
    return {"type": kind, "minimum": least}


TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
ID: Schema = {"type": "string", "pattern": "^[0-9a-f-]{36}$"}
COUNTS: Schema = {"type": "object", "additionalProperties": _number(1, "integer")}
TRIGGER = _said("With via trigger: which of [triggers] it was.")
LATE_S = _number(0, "integer") | {"description": "How much later than its time it was published."}

RING = _object(
    {"name": NAME, "via": {"enum": ["button", "command", "link", "schedule", "trigger"]}},
    trigger=TRIGGER,
)
HELD = _object({"name": NAME, "via": {"const": "button"}, "held_s": _number()})
LATE = _object({"late_s": LATE_S})
FAILED = {"type": "array", "minItems": 1, "items": _object({"handler": TEXT, "reason": TEXT})}
VISIT: dict[str, Schema] = {
    "visit": ID | {"description": "The id of its first press."},
    "presses": _number(1, "integer"),
    "at": {"type": "string", "format": "date-time", "description": "When the visitor rang first."},
}
FACTS: dict[str, Schema] = {
    "handler": TEXT,
    "type": TEXT,
    "attempt": _number(1, "integer"),
    "redelivered": {"type": "boolean"},
}
TIMES: dict[str, Schema] = {
    "received_after_ms": {"type": "number"},
    "started_after_ms": {"type": "number"},
    "took_ms": _number(),
    "note": TEXT,
}
ACTION: Schema = {"enum": list(ACTIONS)}
FILES: Schema = {"type": "array", "items": NAME, "description": "Names without a folder."}


def _outcome(*required: str, **more: Schema) -> Schema:
    known = TIMES | more
    needed = {name: known[name] for name in required}
    return _object(FACTS | needed, **{name: known[name] for name in known if name not in needed})


REASON: Schema = {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class EventType:
    """One type.

    Attributes:
        summary: What it means.
        data: The JSON schema of its data.
        follows: Whether it always names its cause.
    """

    summary: str
    data: Schema
    follows: bool = False


EVENT_TYPES = {
    topics.PRESSED: EventType("The bell rang.", RING),
    topics.DOUBLE_PRESSED: EventType("The second press of two, one soon after the other.", RING),
    "doorbell.long_pressed": EventType(
        "The button was held for long; its press was published before.", HELD
    ),
    "doorbell.stuck": EventType("The button is held all the time. Published once.", HELD),
    topics.DRILLED: EventType("A marked test press; nobody is at the door.", RING),
    topics.DRILL_FAILED: EventType(
        "In the nightly drill a handler did not work.",
        _object({"name": NAME, "via": {"const": "schedule"}, "failed": FAILED}),
        follows=True,
    ),
    "visitor.seen": EventType(
        "Another program saw somebody or something at the door.",
        _object({"name": NAME, "what": TEXT, "via": {"const": "trigger"}}, trigger=TRIGGER),
    ),
    topics.ANSWERED: EventType(
        "The visitor was answered.",
        _object(
            {
                "name": NAME,
                "answer": _said("coming, leave_it, snooze, opened or what a trigger says."),
                "by": _said("Who answered; empty when that is not known."),
                "via": {"enum": ["link", "command", "trigger"]},
                "press": _said("The id of the press; empty when it is about none."),
            },
            late={"type": "boolean", "description": "The visitor who pressed then has gone."},
            trigger=TRIGGER,
        ),
    ),
    topics.RECORDINGS_WANTED: EventType(
        "A person wants the recordings of a visit deleted, or kept.",
        _object(
            {
                "visit": _said("The id of the press that began it."),
                "action": ACTION,
                "presses": {"type": "array", "items": TEXT},
                "files": FILES,
                "by": _said("Who wants it; empty when that is not known."),
            }
        ),
    ),
    topics.PUSH_CHANGED: EventType(
        "A phone that has the page wants web push, or no more. Its subject is the phone's name.",
        _object({"subscription": _said("Sealed for `notify`; empty when it wants no more.")}),
    ),
    "clock.sunrise": EventType("The sun rises.", LATE),
    "clock.sunset": EventType("The sun sets.", LATE),
    "clock.quiet_began": EventType("The quiet hours begin.", LATE),
    "clock.quiet_ended": EventType("The quiet hours end.", LATE),
    topics.DAY_ENDED: EventType(
        "The day's summary, of the 24 hours before: by door, and failures by handler.",
        _object(
            {
                "late_s": LATE_S,
                "presses": COUNTS,
                "answers": COUNTS,
                "missed": COUNTS,
                "failed": COUNTS,
            }
        ),
    ),
    "notification.sent": EventType(
        "At least one phone was notified of a press.", _object({"press": TEXT})
    ),
    "recordings.changed": EventType(
        "A recorder has deleted files, or keeps them from now on, or no longer.",
        _object({"visit": TEXT, "action": ACTION, "files": FILES}),
        follows=True,
    ),
    "snapshot.taken": EventType(
        "There is a picture.", _object({"path": TEXT, "door": TEXT}, after_s={"type": "number"})
    ),
    "clip.recorded": EventType(
        "There is a film.",
        _object(
            {"path": TEXT, "seconds": _number()},
            door=TEXT,
            preroll_s=_number(),
            presses={"type": "array", "items": TEXT},
        ),
    ),
    "visit.started": EventType("A visitor came.", _object(VISIT), follows=True),
    "visit.answered": EventType(
        "A visitor was answered.", _object(VISIT | {"answer": TEXT, "by": TEXT}), follows=True
    ),
    "visit.missed": EventType(
        "No answer came. late: after an outage, the visitor has long gone.",
        _object(VISIT | {"late": {"type": "boolean"}}),
        follows=True,
    ),
    "handler.done": EventType(
        "A handler has reacted.", _outcome("started_after_ms", "took_ms"), follows=True
    ),
    "handler.retried": EventType(
        "A handler failed and tries again.",
        _outcome("reason", "again_in_s", reason=REASON, again_in_s=_number()),
        follows=True,
    ),
    "handler.skipped": EventType(
        "A handler passed an event over.", _outcome("reason", reason=REASON), follows=True
    ),
    "handler.dead": EventType(
        "A handler gave an event up.", _outcome("reason", reason=REASON), follows=True
    ),
}
