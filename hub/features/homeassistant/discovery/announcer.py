"""Publishes the announcements, again where they may be lost, and takes back what is no more."""

import json
import math
import random
import time
from collections.abc import Callable, Mapping

from hub.features.feature import Feature
from hub.features.homeassistant.discovery.announced import Announced, Components
from hub.features.homeassistant.discovery.devices import Document
from hub.mqtt.bus import Bus
from hub.wire.codec import JSON

SETTLE_S = 1.0  # after a connection the statuses of the handlers come
FRAME_BYTES = 100
LARGE_BYTES = 2000
LOSSES = 2  # connections that end over a large announcement, until it is not tried again for HOLD_S
HOLD_S = 3600.0
TOO_LARGE = (
    "the broker does not take the announcements for Home Assistant. Raise its limit to 262144 "
    "bytes (mosquitto: max_packet_size, message_size_limit), or switch off [homeassistant]"
)
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
        self._is_large_under_way = False
        self._losses = 0
        self._held_until = -math.inf
        self._noted = ""
        bus.on_connect.append(self._connected)
        bus.on_retry.append(self._offer_again)

    def tick(self) -> None:
        """Publish what has changed, and everything where it may be lost."""
        if not self._bus.connected.is_set():
            return
        if self._seconds() >= self._again_at:
            self._again_at = math.inf
            self._published.clear()
        elif not self._published:
            return
        is_whole = True
        for topic, payload in self._wanted().items():
            if self._published.get(topic) == payload:
                continue
            if not self._fits(topic, payload):
                is_whole = False
                continue
            if self._bus.publish(topic, payload, retain=True, content_type=JSON) is None:
                return
            self._published[topic] = payload
            self._taken_at = self._seconds() + TAKEN_S
        if self._seconds() >= self._taken_at:
            self._taken_at = math.inf
            self._is_large_under_way = False
            self._losses = 0
            if is_whole:
                self._note("")
            self._announced.keep(self._present())

    def announce_again(self) -> None:
        """Home Assistant has just started: tell it again, shortly."""
        self._again_at = min(self._again_at, self._seconds() + random.uniform(*PAUSE_S))

    def _fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes it, as far as it says so, or hangs up over it."""
        size = len(topic) + len(payload) + FRAME_BYTES
        is_held = size > LARGE_BYTES and self._seconds() < self._held_until
        if is_held or size > self._bus.limits.packet_limit:
            self._note(TOO_LARGE)
            return False
        self._is_large_under_way |= size > LARGE_BYTES
        return True

    def _note(self, words: str) -> None:
        """Say in the hub's status what is wrong, once."""
        if words != self._noted:
            self._noted = words
            self._bus.note("Home Assistant", words)

    def _connected(self) -> None:
        if self._is_large_under_way:
            self._is_large_under_way = False
            self._losses += 1
        if self._losses >= LOSSES:
            self._losses = 0
            self._held_until = self._seconds() + HOLD_S
        self._offer_again()

    def _offer_again(self) -> None:
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
