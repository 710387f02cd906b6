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
TAKEN_S = 20.0  # the bus ends a connection in which the broker takes nothing for half as long
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
        self._taken_at = math.inf  # when the broker has all of it
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
        for topic, payload in self._wanted().items():
            if self._published.get(topic) == payload:
                continue
            if self._bus.publish(topic, payload, retain=True, content_type=JSON) is None:
                return
            self._published[topic] = payload
            self._taken_at = self._seconds() + TAKEN_S
        if self._seconds() >= self._taken_at:
            self._taken_at = math.inf
            self._announced.keep(self._present())

    def announce_again(self) -> None:
        """Home Assistant has just started: tell it again, shortly."""
        self._again_at = min(self._again_at, self._seconds() + random.uniform(*PAUSE_S))

    def _connected(self) -> None:
        self._taken_at = math.inf
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
        states = self._states()
        present = self._present()
        self._announced.keep(
            {
                topic: {**self._announced.topics.get(topic, {}), **present.get(topic, {})}
                for topic in {**before, **present}
            }
        )
        return {**before, **self._encoded, **states}

    def _present(self) -> dict[str, Components]:
        """What shall be retained now: topics, and of a device its components by their platform."""
        return {
            **{
                topic: {key: one["platform"] for key, one in document["components"].items()}
                for topic, document in self._documents().items()
            },
            **{topic: {} for topic in self._states()},
        }


def _encoded(document: Document, components: Components) -> bytes:
    """The document; of a component that is no more the platform alone, which removes it."""
    gone = {key: {"platform": platform} for key, platform in components.items()}
    whole = {**document, "components": {**gone, **document["components"]}}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
