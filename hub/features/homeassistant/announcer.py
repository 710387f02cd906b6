"""Publishes the announcements, again where they may be lost, and takes back what is no more."""

import json
import logging
import math
import random
import time
from collections.abc import Callable, Mapping

from hub.features.feature import Feature
from hub.features.homeassistant.announced import Announced, Components
from hub.features.homeassistant.devices import Document
from hub.mqtt.bus import Bus
from hub.wire.codec import JSON

log = logging.getLogger(__name__)
SETTLE_S = 1.0  # after a connection the statuses of the handlers come
PAUSE_S = (0.5, 3.0)  # before Home Assistant is told again: it has just started, and is busy


class Announcer(Feature):
    """Holds what is retained on the broker for Home Assistant to what it shall be."""

    def __init__(
        self,
        bus: Bus,
        announced: Announced,
        documents: Callable[[], Mapping[str, Document]],
        states: Callable[[], Mapping[str, bytes]],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            bus: Not yet started.
            announced: What was announced before.
            documents: What shall be announced: a device's document by its topic. The same object
                again says that nothing has changed.
            states: What shall be retained below our own root, by its topic.
            seconds: A monotonic clock.
        """
        self._bus = bus
        self._announced = announced
        self._documents = documents
        self._states = states
        self._seconds = seconds
        self._encoded_from: Mapping[str, Document] | None = None
        self._encoded: dict[str, bytes] = {}
        self._published: dict[str, bytes] = {}
        self._again_at = math.inf
        bus.on_connect.append(self._connected)
        bus.on_retry.append(self._connected)

    def tick(self) -> None:
        """Publish what has changed, and everything where it may be lost."""
        if not self._bus.connected.is_set():
            return
        if self._seconds() >= self._again_at:
            self._again_at = math.inf
            self._published.clear()
        elif not self._published:
            return
        wanted = self._wanted()
        for topic, payload in wanted.items():
            if self._published.get(topic) != payload:
                number = self._bus.publish(topic, payload, retain=True, content_type=JSON)
                if number is None:
                    return
                self._published[topic] = payload

    def announce_again(self) -> None:
        """Home Assistant has just started: tell it again, shortly."""
        self._again_at = self._seconds() + random.uniform(*PAUSE_S)

    def _connected(self) -> None:
        self._again_at = self._seconds() + SETTLE_S

    def _wanted(self) -> dict[str, bytes]:
        """Each topic and what shall be retained on it; nothing where it is to be taken back."""
        documents = self._documents()
        if documents is not self._encoded_from:
            self._encoded_from = documents
            self._encoded = {
                topic: _encoded(document, self._announced.topics.get(topic, {}))
                for topic, document in documents.items()
            }
        before = dict.fromkeys(self._announced.topics, b"")
        wanted = {**before, **self._encoded, **self._states()}
        self._announced.keep({topic: self._components(topic) for topic in wanted})
        return wanted

    def _components(self, topic: str) -> Components:
        """The components that are, or were, announced on a topic, by their platform."""
        document = self._documents().get(topic, {"components": {}})
        present = {key: one["platform"] for key, one in document["components"].items()}
        return {**self._announced.topics.get(topic, {}), **present}


def _encoded(document: Document, components: Components) -> bytes:
    """The document; of a component that is no more the platform alone, which removes it."""
    gone = {key: {"platform": platform} for key, platform in components.items()}
    whole = {**document, "components": {**gone, **document["components"]}}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
