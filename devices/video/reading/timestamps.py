"""Maps a camera's time stamps to our clock, as long as they agree with when its packets arrive."""

MAX_DRIFT = 0.001  # how much slower than ours a camera's clock may run
STEP_S = 0.001
LATEST_S = 3.0  # a packet may be held up so long on its way: then its stamp says when it was seen
JUMP_S = 1.0  # a stamp so far ahead of its arrival is no faster packet, but another clock
SLACK_S = 0.1  # how late a packet may be that counts as on time
PATIENCE_S = 1.0  # a network that was held up catches up in this time; a wrong clock never does
PATIENCE = 3  # and so many packets
DISTRUST_S = 30.0


class TimestampMapper:
    """Maps the time stamps of one connection.

    A picture cannot be seen before it happens, so the fastest packets show what the stamps mean,
    and a late packet is put where its stamp says. Arrival is the judge of that: where packets stay
    late, the stamps jump, stand still or run at another speed. Then a picture counts as seen when
    it arrives, for some time.

    Args:
        is_believed: False for a source whose stamps say nothing: they are never used.
    """

    def __init__(self, *, is_believed: bool = True) -> None:
        self._is_believed = is_believed
        self._offset: float | None = None
        self._newest = 0.0  # the latest stamp of a picture
        self._last_dts: float | None = None
        self._reorder_s = 0.0  # how long before the one that came before it a picture was shown
        self._last_decode_at = 0.0
        self._last_now = 0.0
        self._late_since = 0.0
        self._late_packets = 0
        self._distrusted_until = 0.0

    def map(self, pts: float | None, dts: float | None, now: float) -> tuple[float, float]:
        """Map the time stamps of a packet.

        Args:
            pts: The source's time stamp of the picture in seconds, if it has one.
            dts: The source's time stamp of its decoding in seconds, if it has one.
            now: When the packet arrived, in seconds of our clock.

        Returns:
            When the picture was seen, and its place in the order of decoding, which only grows and
            is never later; both in seconds of our clock.
        """
        seen = dts if pts is None else pts
        at = now
        lead_s = 0.0  # how long before it is shown it is decoded
        if seen is not None and self._is_believed:
            at = self._judge(seen, dts, now)
            lead_s = self._lead(seen, dts)
            self._last_dts = dts
        decode_at = max(at - lead_s, self._last_decode_at + STEP_S)
        self._last_decode_at = decode_at
        self._last_now = now
        return max(at, decode_at), decode_at

    def _judge(self, seen: float, dts: float | None, now: float) -> float:
        """When it was seen; the stamps are distrusted as soon as they prove to be wrong."""
        if self._offset is None:
            self._begin(seen, now)
        stands = False
        if dts is not None and self._last_dts is not None:
            stands = 0 <= dts - self._last_dts < STEP_S
        self._newest = max(self._newest, seen)
        offset = (self._offset or 0.0) + (now - self._last_now) * MAX_DRIFT
        late_s = now - self._newest - offset
        self._offset = min(offset, now - self._newest)
        is_back = self._newest - seen > JUMP_S
        if late_s > LATEST_S or late_s < -JUMP_S:
            self._begin(seen, now)
        elif stands or is_back or self._stays_late(late_s, now):
            self._begin(seen, now)
            self._distrusted_until = now + DISTRUST_S
        if now < self._distrusted_until:
            return now - (self._newest - seen)
        return min(now, seen + self._offset)

    def _begin(self, seen: float, now: float) -> None:
        self._offset = now - seen
        self._newest = seen
        self._late_packets = 0

    def _stays_late(self, late_s: float, now: float) -> bool:
        if late_s <= SLACK_S:
            self._late_packets = 0
            return False
        if not self._late_packets:
            self._late_since = now
        self._late_packets += 1
        return self._late_packets >= PATIENCE and now - self._late_since >= PATIENCE_S

    def _lead(self, seen: float, dts: float | None) -> float:
        """How long before it is shown a picture is decoded; guessed where the source says it not.

        With B-frames a picture comes after another one that is shown later.
        """
        is_growing = self._last_dts is None or (dts is not None and dts > self._last_dts)
        if dts is not None and is_growing and not self._reorder_s:
            return min(max(seen - dts, 0.0), JUMP_S)
        back_s = self._newest - seen
        self._reorder_s = max(self._reorder_s, back_s)
        return self._reorder_s + SLACK_S - back_s if self._reorder_s else 0.0
