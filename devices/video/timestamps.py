"""Maps a camera's time stamps, which begin anywhere and drift a little, to our clock."""

MAX_DRIFT = 0.001  # how much slower than ours a camera's clock may run
JUMP_S = 1.0
STEP_S = 0.001


class TimestampMapper:
    """Maps the time stamps of one connection.

    A picture cannot be seen before it happens, so the fastest packets show what the stamps mean.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last_decode_at = 0.0
        self._last_now = 0.0

    def map(self, pts: float | None, dts: float | None, now: float) -> tuple[float, float]:
        """Map the time stamps of a packet.

        Args:
            pts: The source's time stamp of the picture in seconds, if it has one.
            dts: The source's time stamp of its decoding in seconds, if it has one.
            now: When the packet arrived, in seconds of our clock.

        Returns:
            When the picture was seen, and its place in the order of decoding, which only grows;
            both in seconds of our clock.
        """
        seen = dts if pts is None else pts
        if seen is None:
            seen = now - (self._offset or 0.0)
        ahead = 0.0 if dts is None else seen - dts  # how long before it is shown it is decoded
        if self._offset is None or abs(now - seen - self._offset) > JUMP_S:
            self._offset = now - seen
        drift = (now - self._last_now) * MAX_DRIFT
        self._offset = min(self._offset + drift, now - seen)
        decode_at = max(seen + self._offset - ahead, self._last_decode_at + STEP_S)
        self._last_decode_at = decode_at
        self._last_now = now
        return decode_at + ahead, decode_at
