"""Cuts what is read from a connection into packets, however it comes."""

from collections.abc import Iterator
from typing import NamedTuple

from hub.mqtt.connection.clients import packets
from hub.mqtt.connection.clients.packets import HEAD_BYTES
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE


class Packet(NamedTuple):
    """One packet, or the beginning of one that is larger than what we read.

    Attributes:
        header: Its first byte.
        content: What comes after its length, or the first HEAD_BYTES of that.
        whole: All of it; empty where there is only the beginning.
    """

    header: int
    content: bytes
    whole: bytes


class Incoming:
    """Keeps the beginning of a packet until the rest comes, and passes over what is too large.

    Only with MQTT 5 the broker was told how much that is. Before, anybody could publish a message
    that fills our memory.
    """

    def __init__(self) -> None:
        self._unread = bytearray()
        self._unwanted = 0  # how many bytes are still to come of a packet that is too large

    def cut(self, data: bytes) -> Iterator[Packet]:
        """Each packet that is whole with this, or too large.

        Raises:
            MalformedPacketError: it is no MQTT.
        """
        unread = self._unread
        unread += data[self._unwanted :]
        self._unwanted = max(0, self._unwanted - len(data))
        start = 0
        while found := packets.bounds(unread, start):
            content, end = found
            if end - start > MAXIMUM_PACKET_SIZE:
                if len(unread) - content < HEAD_BYTES:
                    break
                yield Packet(unread[start], bytes(unread[content : content + HEAD_BYTES]), b"")
                self._unwanted = max(0, end - len(unread))
            elif end > len(unread):
                break
            else:
                whole = bytes(unread[start:end])
                yield Packet(whole[0], whole[content - start :], whole)
            start = end
        del unread[:start]
