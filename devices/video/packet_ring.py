"""The last seconds before now, encoded, in a bounded amount of memory."""

from bisect import bisect_right
from collections import deque
from itertools import chain

from devices.video.packet import Packet


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
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self.seconds = seconds
        self.bytes = 0
        self._max_bytes = max_bytes
        self._groups: deque[list[Packet]] = deque()

    def add(self, packet: Packet) -> None:
        """Add a packet. One without a key frame before it is ignored: it cannot be decoded."""
        if packet.is_key:
            self._groups.append([])
        elif not self._groups:
            return
        self._groups[-1].append(packet)
        self.bytes += len(packet.data)
        while len(self._groups) > 1 and self._groups[1][0].at <= packet.at - self.seconds:
            self._drop_oldest()
        while self.bytes > self._max_bytes:
            self._drop_oldest()

    def clear(self) -> None:
        """Drop everything."""
        self._groups.clear()
        self.bytes = 0

    def newest(self) -> Packet | None:
        """The last packet; None if the ring is empty."""
        return self._groups[-1][-1] if self._groups else None

    def since(self, at: float) -> list[Packet]:
        """The packets from the last key frame before a time on, or all if there is none before.

        Args:
            at: Seconds of `time.monotonic()`.
        """
        return list(chain.from_iterable(list(self._groups)[self._group_at(at) :]))

    def moment(self, at: float) -> list[Packet]:
        """The packets to decode in order to see a moment.

        Args:
            at: Seconds of `time.monotonic()`.

        Returns:
            A key frame, and what follows up to the packet that is nearest to the moment.
        """
        if not self._groups:
            return []
        number = self._group_at(at)
        group = self._groups[number]
        nearest = min(range(len(group)), key=lambda index: abs(group[index].at - at))
        if number + 1 < len(self._groups):
            following = self._groups[number + 1][0]
            if abs(following.at - at) < abs(group[nearest].at - at):
                return [following]
        return group[: nearest + 1]

    def _group_at(self, at: float) -> int:
        return max(0, bisect_right(self._groups, at, key=lambda group: group[0].at) - 1)

    def _drop_oldest(self) -> None:
        self.bytes -= sum(len(packet.data) for packet in self._groups.popleft())
