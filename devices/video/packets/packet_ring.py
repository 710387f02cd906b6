"""The last seconds before now, encoded, in a bounded amount of memory."""

from bisect import bisect_right
from collections import deque
from itertools import chain
from math import inf

from devices.video.packets.packet import Packet

STALE_S = 2.0
CALM_S = 600.0  # a busy scene makes some groups larger than others


class PacketRing:
    """Keeps packets in groups, each from one key frame to the next. The oldest groups are dropped.

    It covers at least the wanted seconds (and one group more), unless that takes more bytes than
    it may hold. A single group that is larger than that is not kept at all.

    Args:
        seconds: How far back it is to reach.
        max_bytes: How much it may hold.

    Attributes:
        seconds: How far back it is to reach.
        bytes: How much it holds.
        group_s: How long ago the last key frame came when the last packet did, in seconds.
        is_too_small: Whether a group was too large for it within the last CALM_S.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self.seconds = seconds
        self.bytes = 0
        self.group_s = 0.0
        self.is_too_small = False
        self._overflowed_at = -inf
        self._max_bytes = max_bytes
        self._key_at = inf
        self._groups: deque[list[Packet]] = deque()

    def add(self, packet: Packet) -> None:
        """Add a packet. One without a key frame before it is ignored: it cannot be decoded."""
        if packet.is_key:
            self._groups.append([packet])
            self._key_at = packet.at
        elif self._groups:
            self._groups[-1].append(packet)
        self.group_s = max(0.0, packet.at - self._key_at)
        if not self._groups:
            return
        self.bytes += len(packet.data)
        while len(self._groups) > 1 and self._groups[1][0].at <= packet.at - self.seconds:
            self._drop_oldest()
        while self.bytes > self._max_bytes:
            self._drop_oldest()
        if self.is_empty:
            self._overflowed_at = packet.at
        self.is_too_small = packet.at - self._overflowed_at < CALM_S

    def clear(self) -> None:
        """Drop everything."""
        self._groups.clear()
        self.bytes = 0
        self.group_s = 0.0
        self._key_at = inf

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        return not self._groups

    def newest(self) -> Packet | None:
        """The last packet; None if the ring is empty."""
        return self._groups[-1][-1] if self._groups else None

    def last_group(self) -> list[Packet]:
        """The packets from the last key frame on; none if the ring is empty."""
        return list(self._groups[-1]) if self._groups else []

    def since(self, at: float) -> list[Packet]:
        """The packets from the last key frame before a time on, or all if there is none before.

        What ended long before that time is left out: the camera was away meanwhile.

        Args:
            at: Seconds of `time.monotonic()`.
        """
        groups = list(self._groups)[self._group_at(at) :]
        if groups and groups[0][-1].at < at - STALE_S:
            groups.pop(0)
        return list(chain.from_iterable(groups))

    def moment(self, at: float, not_before: float = -inf) -> list[Packet]:
        """The packets from which to decode a moment.

        Args:
            at: Seconds of `time.monotonic()`.
            not_before: A packet of this time or an earlier one does not show it.

        Returns:
            The key frame before the packet that is nearest to the moment, and all that follow;
            none if all packets are too early.
        """
        groups = list(self._groups)[self._group_at(at) :]
        distances = [
            (abs(packet.at - at), number)
            for number, group in enumerate(groups)
            for packet in group
            if packet.at > not_before
        ]
        if not distances:
            return []
        _, nearest = min(distances)
        return list(chain.from_iterable(groups[nearest:]))

    def _group_at(self, at: float) -> int:
        return max(0, bisect_right(self._groups, at, key=lambda group: group[0].at) - 1)

    def _drop_oldest(self) -> None:
        self.bytes -= sum(len(packet.data) for packet in self._groups.popleft())
