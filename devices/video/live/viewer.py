"""One who looks: the packets that wait for him, which are never many."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Self

from devices.video.packets.packet import Packet, StreamFormat

BACKLOG_BYTES = 1_000_000  # two seconds at 4 Mbit/s: who looks wants to see what is now


class Viewer:
    """Takes packets from the camera's thread, which never waits for it.

    A viewer that is too slow misses pictures, up to the next key frame.

    Args:
        stream_format: The format of the packets.
        turn: By how many degrees the pictures have to be turned to the right.
        before: The packets from the last key frame on.
        left: Called when nobody looks any more.

    Attributes:
        stream_format: The format of the packets.
        turn: By how many degrees the pictures have to be turned to the right.
        first: The first packet, a key frame.
        on_end: Called in the camera's thread when the camera ends this. It must not wait.
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        turn: int,
        before: Sequence[Packet],
        left: Callable[["Viewer"], None],
    ) -> None:
        self.stream_format = stream_format
        self.turn = turn
        self.first = before[0]
        self.on_end: Callable[[], None] = lambda: None
        self._left = left
        self._waiting = deque(before)
        self._bytes = sum(len(packet.data) for packet in before)
        self._room_bytes = self._bytes + BACKLOG_BYTES
        self._needs_key = False
        self._has_ended = False
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._left(self)

    def add(self, packet: Packet) -> None:
        """Take a packet, if there is room."""
        with self._changed:
            if self._has_ended:
                return
            if self._bytes + len(packet.data) > self._room_bytes:
                self._waiting.clear()
                self._bytes = 0
                self._needs_key = True
            if self._needs_key and not packet.is_key:
                return
            self._needs_key = False
            self._waiting.append(packet)
            self._bytes += len(packet.data)
            self._changed.notify()

    def end(self) -> None:
        """Give no more packets: it is private, or the camera changed."""
        with self._changed:
            self._has_ended = True
            self._waiting.clear()
            self._changed.notify()
        self.on_end()

    def wait(self, timeout_s: float) -> list[Packet] | None:
        """All packets that wait; none if none came in this time; None at the end."""
        with self._changed:
            if not self._waiting and not self._has_ended:
                self._changed.wait(timeout_s)
            packets = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._room_bytes = BACKLOG_BYTES  # the first group is gone
            return None if self._has_ended else packets
