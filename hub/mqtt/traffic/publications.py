"""What a connection publishes: as the broker takes it, and awaited until it has it."""

import logging
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache
from typing import Any

from paho.mqtt.client import MQTTMessageInfo
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.mqtt.connection.clients.client import properties
from hub.mqtt.connection.clients.served_client import ServedClient
from hub.mqtt.connection.limits import Limits
from hub.mqtt.message import Call
from hub.mqtt.traffic.unacknowledged import Unacknowledged

FRAME_BYTES = 64  # of a PUBLISH beside topic and payload: its properties are short
log = logging.getLogger(__name__)


class Publications:
    """Sends with QoS 1, or 0 where the broker takes no more. Safe to use from several threads."""

    def __init__(self, awaited: Unacknowledged, hand_over: Call) -> None:
        self._awaited = awaited
        self._hand_over = hand_over
        self._client: ServedClient | None = None  # while there is a connection
        self._limits = Limits()
        self._told: set[str] = set()  # the topics of what is too large

    def connected(self, client: ServedClient, limits: Limits) -> None:
        """There is a connection to a broker with these limits."""
        self._client, self._limits = client, limits
        self._told.clear()

    def disconnected(self) -> None:
        """There is none."""
        self._client = None

    def send(
        self, topic: str, payload: bytes, *, retain: bool = False, **mqtt5: object
    ) -> MQTTMessageInfo | None:
        """Hand a message to the network thread.

        Args:
            topic: Where it goes.
            payload: It.
            retain: Whether the broker is to keep it, if it keeps anything.
            mqtt5: Properties for MQTT 5, by their names in paho.

        Returns:
            None when there is no connection, or the broker would end it over the size.
        """
        client = self._client
        if client is None or self._is_too_large(topic, payload):
            return None
        five = mqtt5 and payload and client.protocol == MQTTProtocolVersion.MQTTv5
        made = _made(mqtt5) if five else None
        retain = retain and self._limits.keeps
        info = client.publish(topic, payload, self._limits.qos, retain, made)
        if info.rc != 0:
            return None
        self._awaited.published(info, topic)
        return info

    def together(self) -> AbstractContextManager[None]:
        """What this thread sends meanwhile may leave in one piece, at the end."""
        client = self._client
        return client.together() if client else nullcontext()

    def deliver(
        self, topic: str, payload: bytes, timeout_s: float, *, retain: bool = False, **mqtt5: object
    ) -> bool:
        """Publish and wait; returns whether the broker took it."""
        info = self.send(topic, payload, retain=retain, **mqtt5)
        with suppress(RuntimeError, ValueError):
            if info:
                if timeout_s:
                    self._hand_over()
                info.wait_for_publish(timeout_s)
                return info.is_published()
        return False

    def _is_too_large(self, topic: str, payload: bytes) -> bool:
        size = len(topic.encode()) + len(payload) + FRAME_BYTES
        limit = self._limits.packet_limit
        if size <= limit:
            return False
        if topic not in self._told:
            self._told.add(topic)
            log.error("%d bytes to %s: the broker takes %d at most", size, topic, limit)
        return True


class _ContentType(Properties):
    """A content type and nothing else, packed once: to do it anew takes longer than to send."""

    def __init__(self, content_type: str) -> None:
        super().__init__(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self.ContentType = content_type
        object.__setattr__(self, "_packed", super().pack())  # type: ignore[no-untyped-call]

    def pack(self) -> bytes:
        """See Properties."""
        return self._packed  # type: ignore[attr-defined, no-any-return]


_typed = cache(_ContentType)  # paho only reads them


def _made(mqtt5: dict[str, Any]) -> Properties:
    if mqtt5.keys() == {"ContentType"}:
        return _typed(mqtt5["ContentType"])
    return properties(PacketTypes.PUBLISH, **mqtt5)
