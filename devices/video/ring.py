"""The last seconds before now, encoded, in a bounded piece of memory."""

from bisect import bisect_right
from collections import deque
from itertools import chain

from devices.video.packet import Packet


class Ring:
    """Keeps packets from a key frame on; the oldest go by groups, from key frame to key frame.

    It covers at least the seconds that it is to cover (one group more than needed), unless that would be more bytes
    than it may hold. A single group larger than that is not kept at all.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        """Empty.

        Args:
            seconds: How far back it is to reach.
            max_bytes: How much it may hold.
        """
        self.seconds, self._max_bytes = seconds, max_bytes
        self._groups: deque[list[Packet]] = deque()
        self.bytes = 0

    def add(self, packet: Packet) -> None:
        """One more; without a key frame before it, it is no use."""
        if packet.is_key:
            self._groups.append([])
        elif not self._groups:
            return
        self._groups[-1].append(packet)
        self.bytes += len(packet.data)
        while len(self._groups) > 1 and self._groups[1][0].at <= packet.at - self.seconds:
            self._drop()
        while self.bytes > self._max_bytes:
            self._drop()

    def clear(self) -> None:
        """Hold nothing."""
        self._groups.clear()
        self.bytes = 0

    def newest(self) -> Packet | None:
        """What came last."""
        return self._groups[-1][-1] if self._groups else None

    def since(self, at: float) -> list[Packet]:
        """From the last key frame at that time or before it, or else from the first that there is."""
        return list(chain.from_iterable(list(self._groups)[self._group_of(at) :]))

    def moment(self, at: float) -> list[Packet]:
        """What to decode to see that moment: from a key frame to the packet that is nearest in time, the last."""
        if not self._groups:
            return []
        number = self._group_of(at)
        group = self._groups[number]
        nearest = min(range(len(group)), key=lambda index: abs(group[index].at - at))
        following = self._groups[number + 1][0] if number + 1 < len(self._groups) else None
        if following and abs(following.at - at) < abs(group[nearest].at - at):
            return [following]
        return group[: nearest + 1]

    def _group_of(self, at: float) -> int:
        return max(0, bisect_right(self._groups, at, key=lambda group: group[0].at) - 1)

    def _drop(self) -> None:
        self.bytes -= sum(len(packet.data) for packet in self._groups.popleft())
