"""Loads what the hub does for Home Assistant, unless it is switched off."""

from typing import TYPE_CHECKING

from config import Settings
from hub.features.feature import Feature
from hub.features.homeassistant.discovery.announced import FILE, Announced
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.store.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.features.homeassistant.discovery.devices import Document


def home_assistant(settings: Settings, state: State, bus: Bus, producer: Producer) -> list[Feature]:
    """The feature; where it is switched off, what takes back what was announced before."""
    if settings.homeassistant.enabled:
        from hub.features.homeassistant.feature import HomeAssistant  # noqa: PLC0415 - 0.3 MB

        return [HomeAssistant(settings, state, bus, producer)]
    if not (settings.state_dir / FILE).exists():
        return []
    from hub.features.homeassistant.discovery.announcer import Announcer  # noqa: PLC0415 - likewise

    announced = Announced(settings.state_dir, settings.hub, settings.broker.root)
    nothing: Mapping[str, Document] = {}
    return [Announcer(bus, announced, lambda: nothing, dict)]
