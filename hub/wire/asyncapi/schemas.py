"""The JSON schemas of the messages."""

from typing import Any

from hub.wire import topics
from hub.wire.asyncapi.event_types import EVENT_TYPES, LATE, EventType, Schema
from hub.wire.asyncapi.names import message_name
from hub.wire.command import COMMANDS
from hub.wire.entries import object_schema
from hub.wire.query import Query, Reply
from hub.wire.retained.quiet import QuietState
from hub.wire.retained.states import DoorState, Health, Ring
from hub.wire.retained.status import Status

EVENT = {"$ref": "#/components/schemas/event"}
HEX16 = "^[0-9a-f]{16}$"
WHOLE_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"
TRACE = "^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$"
REQUIRED = "specversion id type source subject time datacontenttype sequence epoch traceparent data"


def schemas() -> dict[str, Schema]:
    """All of them, by the name of their message."""
    found: dict[str, Schema] = {"event": _event()}
    for kind, about in EVENT_TYPES.items():
        found[message_name(kind)] = _typed(kind, about)
    found["ownType"] = EVENT
    found["clockTime"] = {"allOf": [EVENT, {"properties": {"data": LATE}}]}
    found["status"] = object_schema(Status)
    found["query"] = object_schema(Query)
    found["reply"] = object_schema(Reply)
    found["quiet"] = object_schema(QuietState)
    found["picture"] = {"type": "string", "format": "binary"}
    found |= {"ring": object_schema(Ring), "door": object_schema(DoorState)}
    found["health"] = object_schema(Health)
    for name, command in COMMANDS.items():
        found[f"{name}Command"] = object_schema(command.message)
        if command.words:
            found[f"{name}Word"] = dict(command.words)
    return found


def _typed(kind: str, about: EventType) -> Schema:
    special: Schema = {"properties": {"type": {"const": kind}, "data": about.data}}
    if about.follows:
        special["required"] = ["causationid"]
    return {"allOf": [EVENT, special]}


def _text(summary: str = "", **more: Any) -> Schema:
    found: Schema = {"type": "string", **more}
    return found | ({"description": summary} if summary else {})


def _event() -> Schema:
    roles = "|".join(topics.ROLES)
    return {
        "description": "CloudEvents 1.0, structured mode. Readers ignore unknown attributes.",
        "type": "object",
        "required": REQUIRED.split(),
        "properties": {
            "specversion": {"const": "1.0"},
            "id": _text("The same however often it is delivered.", minLength=1, maxLength=64),
            "type": _text(maxLength=64),
            "source": _text(pattern=f"^{topics.NAMESPACE}/({roles})/{topics.NAME}$"),
            "subject": _text(pattern=f"^{topics.NAME}$"),
            "time": _text(pattern=WHOLE_TIME),
            "datacontenttype": {"const": "application/json"},
            "sequence": _text("Its place in its stream and epoch.", pattern="^(?!0{16})[0-9]{16}$"),
            "epoch": _text(pattern=HEX16),
            "traceparent": _text(pattern=TRACE),
            "causationid": _text("The id of the event it follows from.", minLength=1, maxLength=64),
            "bootid": _text("Which boot of which machine.", pattern=HEX16),
            "uptime": _text("Seconds since that boot.", pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$"),
            "clock": {
                "enum": ["synchronised", "unsynchronised"],
                "description": "Whether time could be believed.",
            },
            "data": {"type": "object"},
        },
        "dependencies": {
            "bootid": ["uptime", "clock"],
            "uptime": ["bootid"],
            "clock": ["bootid"],
        },
        "patternProperties": {"^[a-z0-9]{1,20}$": True},
        "additionalProperties": False,
    }
