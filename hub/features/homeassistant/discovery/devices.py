"""The announcements: a document for the hub and one for each door, in Home Assistant's form.

Source: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload (2024.12).
"""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from config import Settings
from hub.features.homeassistant.discovery import templates
from hub.features.homeassistant.discovery.announced import escaped
from hub.features.homeassistant.discovery.door_entities import door_entities
from hub.features.homeassistant.discovery.hub_entities import hub_entities
from hub.wire import topics
from hub.wire.topics import Topics

Document = dict[str, Any]
MAKER = "doorbell"
FIRST_HUB = "home"


def documents(
    settings: Settings, house: Topics, hub_id: str, handlers: Collection[str]
) -> dict[str, Document]:
    """All announcements, by their topic.

    Args:
        settings: Of this house.
        house: Its topics.
        hub_id: The id of the hub's device.
        handlers: Those that are there, and not switched off.
    """
    hub = settings.hub
    name = "Doorbell hub" if hub == FIRST_HUB else f"Doorbell hub {hub}"
    device = {"identifiers": [hub_id], "name": name, "model": "Hub"}
    found = {hub_id: _document(settings, house, device, hub_entities(settings, house, handlers))}
    for door in settings.doors:
        door_id = f"{hub_id}_{escaped(door)}"
        device = {
            "identifiers": [door_id],
            "name": settings.door_name(door),
            "model": "Door",
            "via_device": hub_id,
        }
        entities = door_entities(settings, house, door, handlers)
        found[door_id] = _document(settings, house, device, entities)
    prefix = settings.homeassistant.prefix
    return {f"{prefix}/device/{one}/config": document for one, document in found.items()}


def _document(
    settings: Settings, house: Topics, device: Document, entities: dict[str, Document]
) -> Document:
    (device_id,) = device["identifiers"]
    version = _version()
    return {
        "device": {**device, "manufacturer": MAKER, "sw_version": version},
        "origin": {"name": MAKER, "sw_version": version},
        "availability": [
            {
                "topic": house.status(topics.source("hub", settings.hub)),
                "value_template": templates.AVAILABLE,
            }
        ],
        "qos": 1,
        "components": {
            key: {**entity, "unique_id": f"{device_id}_{key}"} for key, entity in entities.items()
        },
    }


def _version() -> str:
    """Our version, from the name of a folder: importlib.metadata takes 1.2 MB to say it.

    Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    folders = (Path(folder).glob("doorbell_hub-*.dist-info") for folder in sys.path)
    names = [found.name for folder in folders for found in folder]
    return names[0].removesuffix(".dist-info").partition("-")[2] if names else "unknown"
