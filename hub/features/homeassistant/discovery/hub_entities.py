"""The entities of the hub: quiet, the drill, and how everything is."""

from collections.abc import Collection
from typing import Any

from config import Settings
from hub.features.homeassistant.discovery import templates
from hub.features.homeassistant.discovery.door_entities import SOURCE
from hub.wire import topics
from hub.wire.retained import states
from hub.wire.topics import Topics

Entity = dict[str, Any]


def hub_entities(settings: Settings, house: Topics, handlers: Collection[str]) -> dict[str, Entity]:
    """All of them, by a key that stays."""
    hub = topics.source("hub", settings.hub)
    health = house.health(hub)
    return {
        **_quiet(settings, house, house.quiet(hub)),
        **_drill(settings, house, health),
        **_problems(house.status(hub), health),
        **{
            f"handler_{name}": _handler(name, house.status(topics.source("handler", name)))
            for name in sorted(handlers)
        },
        # No tag will ever come: `doorbell doctor` sees whether anybody listens to this topic.
        "taken": {
            "platform": "tag",
            "topic": states.taken(settings.homeassistant.prefix, house.root, settings.hub),
        },
    }


def _quiet(settings: Settings, house: Topics, state: str) -> dict[str, Entity]:
    return {
        "quiet": {
            "platform": "switch",
            "name": "Quiet",
            "icon": "mdi:bell-sleep",
            "state_topic": state,
            "value_template": templates.flag("value_json.quiet"),
            "command_topic": house.command(SOURCE, "quiet", settings.hub),
            "state_on": "ON",
            "state_off": "OFF",
            "payload_on": "on",
            "payload_off": "off",
            "json_attributes_topic": state,
            "json_attributes_template": templates.attributes(why="why", until="until"),
        },
        "quiet_until": {
            "platform": "sensor",
            "name": "Quiet until",
            "device_class": "timestamp",
            "icon": "mdi:bell-sleep-outline",
            "state_topic": state,
            "value_template": "{{ value_json.until if value_json.quiet else none }}",
        },
    }


def _drill(settings: Settings, house: Topics, health: str) -> dict[str, Entity]:
    door = next(iter(settings.doors))
    return {
        "drill": {
            "platform": "button",
            "name": "Drill",
            "icon": "mdi:clipboard-check-outline",
            "command_topic": house.command(SOURCE, "drill", settings.hub, door),
            "command_template": templates.COMMAND,
        },
        "last_drill": {
            "platform": "sensor",
            "name": "Last drill",
            "device_class": "enum",
            "options": list(states.DRILL_STATES),
            "icon": "mdi:clipboard-text-clock",
            "state_topic": health,
            "value_template": templates.field("drill"),
            "json_attributes_topic": health,
            "json_attributes_template": templates.attributes(at="drilled", failed="failed"),
        },
    }


def _problems(status: str, health: str) -> dict[str, Entity]:
    return {
        "connected": {
            **_diagnostic("Connected", "connectivity", status, templates.CONNECTED),
            "availability": [],
        },
        "problem": {
            **_diagnostic("Problem", "problem", status, templates.PROBLEM),
            "json_attributes_topic": status,
            "json_attributes_template": templates.STATUS,
        },
        "last_fault": {
            "platform": "sensor",
            "name": "Last fault",
            "entity_category": "diagnostic",
            "icon": "mdi:alert-circle-outline",
            "state_topic": health,
            "value_template": templates.field("fault"),
            "json_attributes_topic": health,
            "json_attributes_template": templates.attributes(at="fault_at"),
        },
        "disk": {
            **_diagnostic("Disk", "problem", health, templates.flag("value_json.disk")),
            "json_attributes_topic": health,
            "json_attributes_template": templates.attributes(detail="disk"),
        },
        "disk_free": {
            "platform": "sensor",
            "name": "Disk free",
            "entity_category": "diagnostic",
            "device_class": "data_size",
            "unit_of_measurement": "MB",
            "suggested_display_precision": 0,
            "state_topic": health,
            "value_template": "{{ value_json.free_mb }}",
        },
        "clock": _diagnostic("Clock", "problem", health, templates.flag("not value_json.clock")),
    }


def _handler(name: str, status: str) -> Entity:
    return {
        **_diagnostic(f"Handler {name}", "problem", status, templates.HANDLER_PROBLEM),
        "json_attributes_topic": status,
        "json_attributes_template": templates.STATUS,
    }


def _diagnostic(name: str, kind: str, topic: str, template: str) -> Entity:
    """A sensor that is on or off."""
    return {
        "platform": "binary_sensor",
        "name": name,
        "device_class": kind,
        "entity_category": "diagnostic",
        "state_topic": topic,
        "value_template": template,
    }
