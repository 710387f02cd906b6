"""Leaves out pictures of a source that sends more than are kept."""

TOLERANCE = 0.9  # of the distance: a picture comes a little early now and then


class RateLimit:
    """Lets so many pictures a second pass.

    Args:
        rate: Pictures a second.
    """

    def __init__(self, rate: float) -> None:
        self._distance_s = 1 / rate
        self._due = 0.0

    def lets_pass(self, at: float) -> bool:
        """Whether the picture of that time, in seconds of any clock, is to be kept."""
        if at < self._due - (1 - TOLERANCE) * self._distance_s:
            return False
        self._due = max(self._due, at - self._distance_s) + self._distance_s
        return True
