"""The entities of a door."""

from collections.abc import Collection
from typing import Any

from config import Settings
from hub.features.homeassistant.discovery import templates
from hub.wire import topics
from hub.wire.retained import states
from hub.wire.topics import Topics

Entity = dict[str, Any]
SOURCE = topics.source("cli", "homeassistant")  # as whom Home Assistant gives commands
CAMERA = "record"
VOICE = "speak"


def door_entities(
    settings: Settings, house: Topics, door: str, handlers: Collection[str]
) -> dict[str, Entity]:
    """All of them, by a key that stays."""
    state = house.door(topics.source("hub", settings.hub), door)
    target = settings.hub, door
    found = {
        "bell": _bell(settings, house, door),
        **_states(state),
        "coming": _answer(house, target, "coming", "Coming", "mdi:human-greeting"),
        "leave_it": _answer(house, target, "leave_it", "Leave it", "mdi:package-down"),
        "test_ring": _test(house, "press", target, "Test ring", "mdi:bell-ring-outline"),
        "drill": _test(house, "drill", target, "Drill", "mdi:clipboard-check-outline"),
    }
    camera = settings.handlers.get(CAMERA, {})
    if CAMERA in handlers and camera.get("publish_picture") != "off":
        found |= _camera(house, target)
    if VOICE in handlers:
        found["say"] = {
            "platform": "notify",
            "name": "Say",
            "icon": "mdi:bullhorn",
            "command_topic": house.command(SOURCE, "answer", *target),
            "command_template": templates.SPEAK,
        }
    return found


def _bell(settings: Settings, house: Topics, door: str) -> Entity:
    button = settings.doors[door].button
    kinds = ["ring"]
    if button.double_s:
        kinds.append("double_press")
    if button.long_s:
        kinds.append("long_press")
    return {
        "platform": "event",
        "name": "Bell",
        "device_class": "doorbell",
        "event_types": kinds,
        "state_topic": house.ring(topics.source("hub", settings.hub), door),
        "value_template": templates.RING,
    }


def _states(state: str) -> dict[str, Entity]:
    """What the hub says of the door on the topic `state`."""
    return {
        "visitor": {
            "platform": "sensor",
            "name": "Last visitor",
            "device_class": "timestamp",
            "icon": "mdi:account-clock",
            "state_topic": state,
            "value_template": templates.field("visitor"),
        },
        "answer": {
            "platform": "sensor",
            "name": "Last answer",
            "icon": "mdi:message-reply-text",
            "state_topic": state,
            "value_template": templates.field("answer"),
            "json_attributes_topic": state,
            "json_attributes_template": templates.attributes(by="by", at="answered"),
        },
        "visit": {
            "platform": "sensor",
            "name": "Visit",
            "device_class": "enum",
            "options": list(states.VISITS),
            "icon": "mdi:account-question",
            "state_topic": state,
            "value_template": templates.field("visit"),
        },
        "missed": {
            "platform": "sensor",
            "name": "Missed ring",
            "device_class": "timestamp",
            "icon": "mdi:bell-cancel",
            "state_topic": state,
            "value_template": "{{ value_json.missed[-1] if value_json.missed else none }}",
            "json_attributes_topic": state,
            "json_attributes_template": templates.attributes(times="missed"),
        },
    }


def _camera(house: Topics, target: tuple[str, ...]) -> dict[str, Entity]:
    picture = house.picture(topics.source("handler", CAMERA), *target)
    return {
        "picture": {"platform": "image", "name": "Picture", "image_topic": picture},
        "snapshot": {
            "platform": "button",
            "name": "Take a picture",
            "icon": "mdi:camera",
            "command_topic": house.command(SOURCE, "snapshot", CAMERA, *target),
        },
    }


def _command(house: Topics, command: str, target: tuple[str, ...], name: str, icon: str) -> Entity:
    """A button that gives a command."""
    return {
        "platform": "button",
        "name": name,
        "icon": icon,
        "command_topic": house.command(SOURCE, command, *target),
        "command_template": templates.COMMAND,
    }


def _test(house: Topics, command: str, target: tuple[str, ...], name: str, icon: str) -> Entity:
    """A button that stays off the dashboards that Home Assistant makes by itself."""
    button = _command(house, command, target, name, icon)
    return {**button, "entity_category": "diagnostic"}


def _answer(house: Topics, target: tuple[str, ...], word: str, name: str, icon: str) -> Entity:
    button = _command(house, "answer", target, name, icon)
    return {**button, "command_template": templates.answer(word)}
