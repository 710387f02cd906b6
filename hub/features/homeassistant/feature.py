"""What the hub does for Home Assistant: announce, ring, and say how everything is."""

from collections.abc import Mapping

from config import Settings
from hub.features.feature import Feature
from hub.features.homeassistant.bell import Bell
from hub.features.homeassistant.discovery.announced import Announced
from hub.features.homeassistant.discovery.announcer import Announcer
from hub.features.homeassistant.discovery.devices import Document, documents
from hub.features.homeassistant.doors import Doors
from hub.features.homeassistant.handlers import Handlers
from hub.features.homeassistant.health import HealthReport
from hub.mqtt.bus import Bus, Message
from hub.producer.producer import Producer
from hub.store.journal.journal import Entry
from hub.store.state import State
from hub.wire import streams, topics
from hub.wire.event import decode
from hub.wire.retained.states import RINGS

FOLLOWED = (*RINGS, topics.ANSWERED, topics.DRILLED)
HANDLER = "handler_"  # the keys of the handlers' entities begin with it


class HomeAssistant(Feature):
    """The hub and its doors in Home Assistant. `docs/home-assistant.md` says what a user sees."""

    def __init__(self, settings: Settings, state: State, bus: Bus, producer: Producer) -> None:
        self._settings = settings
        self._bus = bus
        self._announced = Announced(settings.state_dir, settings.hub, settings.broker.root)
        self._handlers = Handlers(bus, _handlers_in(self._announced))
        self._described: frozenset[str] | None = None  # the handlers in `_devices`
        self._devices: Mapping[str, Document] = {}
        self._doors = Doors(settings, state, producer)
        self._health = HealthReport(settings, state, bus, producer)
        self._bell = Bell(bus, settings.hub, state.clock, self._doors.miss)
        self._announcer = Announcer(bus, self._announced, self._documents, self._states)
        producer.on_sent(self._sent)
        bus.on_event("visit.missed", self._doors.follow, qos=0)
        bus.subscribe(f"{settings.homeassistant.prefix}/status", self._heard)

    def tick(self) -> None:
        """Publish what has changed."""
        self._health.tick()
        self._announcer.tick()

    def close(self) -> None:
        """Publish the last word on every state."""
        self._announcer.tick()
        self._health.close()

    def _sent(self, entry: Entry) -> None:
        """An event of this hub was handed to the broker, perhaps not for the first time."""
        if streams.type_of(entry.stream) not in FOLLOWED:
            return
        event = entry.event or decode(entry.payload)
        if event.type in RINGS:
            self._bell.ring(event)
        if event.type == topics.DRILLED:
            self._health.follow_drill(event)
        else:
            self._doors.follow(event)

    def _heard(self, message: Message) -> None:
        """Home Assistant says that it is there, or its last will that it is not."""
        message.ack()
        if message.payload == b"online":
            self._bell.listener_came()
            if not message.retained:
                self._announcer.announce_again()
        elif message.payload == b"offline":
            self._bell.listener_left()

    def _documents(self) -> Mapping[str, Document]:
        names = self._handlers.names
        if names != self._described:
            self._described = names
            self._devices = documents(self._settings, self._bus.topics, self._announced.id, names)
        return self._devices

    def _states(self) -> Mapping[str, bytes]:
        house = self._bus.topics
        return {**self._doors.payloads(house), **self._health.payloads(house)}


def _handlers_in(announced: Announced) -> list[str]:
    """The handlers that had an entity when the hub ended."""
    keys = {key for components in announced.topics.values() for key in components}
    return [key.removeprefix(HANDLER) for key in keys if key.startswith(HANDLER)]
