"""The document: channels, operations and messages, from the tables in `hub.wire`."""

import importlib.metadata
from collections.abc import Iterator
from typing import Any

from hub.wire import topics
from hub.wire.asyncapi.event_types import EVENT_TYPES
from hub.wire.asyncapi.names import capital, message_name
from hub.wire.asyncapi.schemas import schemas
from hub.wire.channels import CHANNELS, ROLES, Channel
from hub.wire.codec import JSON
from hub.wire.command import COMMANDS
from hub.wire.event import CONTENT_TYPE
from hub.wire.retained.picture import JPEG, headers_schema
from hub.wire.retained.status import VANISHED

WORD = r"[a-z][a-z0-9_]*"
LEVELS = rf"{WORD}(?:/{WORD})+"
OWN_TYPES = "|".join(word.rstrip(".") for word in (*topics.HUB_TYPES, *topics.OUTCOME_TYPES))
ROLE = "{role}"
CLOCK_TYPES = "|".join(kind.partition(".")[2] for kind in EVENT_TYPES if kind.startswith("clock."))


def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "doorbell",
            "version": importlib.metadata.version("doorbell-hub"),
            "description": "A doorbell hub and its handlers, as CloudEvents 1.0 in JSON over MQTT.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": JSON,
        "servers": {"broker": _server()},
        "channels": dict(_channels()),
        "operations": dict(_operations()),
        "components": {
            "parameters": _parameters(),
            "messages": dict(_messages()),
            "schemas": schemas(),
        },
    }


def _server() -> dict[str, Any]:
    will = {
        "topic": "ROOT/ROLE/NAME/status",
        "qos": 1,
        "retain": True,
        "message": VANISHED.encode().decode(),
    }
    mqtt = {"clientId": "doorbell-NAME", "cleanSession": True, "lastWill": will}
    return {
        "host": "localhost:1883",
        "protocol": "mqtt",
        "protocolVersion": "5.0",
        "description": "Any MQTT broker, with MQTT 5.0 or 3.1.1. No session of its is needed.",
        "bindings": {"mqtt": mqtt},
    }


def _channels() -> Iterator[tuple[str, dict[str, Any]]]:
    event = CHANNELS["event"]
    for kind, about in EVENT_TYPES.items():
        role = topics.role_for(kind)
        levels = ("event", *kind.split("."), "{subject}")
        yield message_name(kind), _channel(role, levels, about.summary, [message_name(kind)])
    own = ("event", "{ownType}", "{subject}")
    yield "ownType", _channel("handler", own, "Any other event of a handler.", ["ownType"])
    yield "producedType", _channel("producer", own, "An event of a program.", ["ownType"])
    clock = ("event", "clock", "{clockTime}", "{subject}")
    yield "clockTime", _channel("hub", clock, "A time of a person's own.", ["clockTime"])
    for name, channel in CHANNELS.items():
        if channel is not event:
            role = _role_of(channel)
            yield name, _channel(role, channel.levels, channel.summary, _messages_of(name))


def _role_of(channel: Channel) -> str:
    """The role of those that publish there, where only one does."""
    is_of_one = channel.retained or channel.writers == ("hub",)
    return channel.writers[0] if is_of_one and len(channel.writers) == 1 else ROLE


def _messages_of(channel: str) -> list[str]:
    name = channel.removesuffix("Command")
    has_words = channel.endswith("Command") and COMMANDS[name].words
    return [channel, f"{name}Word"] if has_words else [channel]


def _channel(
    role: str, levels: tuple[str, ...], summary: str, messages: list[str]
) -> dict[str, Any]:
    parts = ("{root}", role, "{name}", *levels)
    names = [part.strip("{}") for part in parts if part.startswith("{")]
    return {
        "address": "/".join(parts),
        "description": summary,
        "parameters": {name: _ref("parameters", name) for name in names},
        "messages": {name: _ref("messages", name) for name in messages},
    }


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in (*map(message_name, EVENT_TYPES), "ownType", "producedType", "clockTime"):
        yield f"publish{capital(kind)}", _operation("send", kind, CHANNELS["event"])
    for name, channel in CHANNELS.items():
        if name in ("event", "reply"):
            continue
        is_sent = channel.retained or _role_of(channel) != ROLE
        verb, action = ("publish", "send") if is_sent else ("take", "receive")
        operation = _operation(action, name, channel)
        if name == "query":
            operation["reply"] = {"channel": {"$ref": "#/channels/reply"}}
        yield f"{verb}{capital(name)}", operation


def _operation(action: str, name: str, channel: Channel) -> dict[str, Any]:
    binding: dict[str, Any] = {"qos": channel.qos}
    if action == "send":
        binding = {"qos": 1, "retain": channel.retained}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"mqtt": binding},
    }


def _messages() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in (*map(message_name, EVENT_TYPES), "ownType", "clockTime"):
        yield name, _message(CONTENT_TYPE, name)
    for name in CHANNELS:
        if name != "event":
            yield name, _message(CHANNELS[name].content_type, name)
    for name, command in COMMANDS.items():
        if command.words:
            yield f"{name}Word", _message("text/plain", f"{name}Word")


def _message(content_type: str, name: str) -> dict[str, Any]:
    message = {"contentType": content_type, "payload": _ref("schemas", name)}
    return message | {"headers": headers_schema()} if content_type == JPEG else message


def _parameters() -> dict[str, Any]:
    name = {"x-pattern": topics.NAME}
    return {
        "root": {
            "description": "[broker] root in the settings: one level, or more.",
            "default": topics.NAMESPACE,
            "x-pattern": "[a-z0-9_-]+(?:/[a-z0-9_-]+)*",
        },
        "role": {"description": "The kind of process.", "enum": list(ROLES)},
        "name": name,
        "hub": name | {"description": "The name of the hub that shall carry it out."},
        "door": name | {"description": "One of its doors."},
        "phone": name | {"description": "A phone that has the page."},
        "handler": name | {"description": "The name of the handler that shall carry it out."},
        "consumer": {
            "description": "The consumer that queried: its name, or web. and that of a hub's page.",
            "x-pattern": rf"(?:web\.)?{topics.NAME}",
        },
        "subject": name
        | {"description": "What it is about; for most events the door.", "location": SUBJECT},
        "type": {
            "description": "An event type, its dots as levels; or all.",
            "x-pattern": f"(?:all|{LEVELS})",
        },
        "ownType": {
            "description": "An event type of its author's, its dots as levels.",
            "x-pattern": f"(?!(?:{OWN_TYPES})/){LEVELS}",
        },
        "clockTime": {
            "description": "The name of a time in [clock.at].",
            "x-pattern": f"(?!(?:{CLOCK_TYPES})/){WORD}",
        },
    }


SUBJECT = "$message.payload#/subject"


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
