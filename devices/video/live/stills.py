"""Pictures of now for those who look, taken twice a second however many they are."""

import threading
import time
from collections.abc import Callable

REFRESH_S = 0.5
REST = 3  # after a picture that took a second there is none for three: others need the processor


class Stills:
    """Takes a picture when somebody asks for one, and gives it to all who ask soon after.

    Args:
        take: Takes a picture, as JPEG.
    """

    def __init__(self, take: Callable[[], bytes]) -> None:
        self._take = take
        self._lock = threading.Lock()
        self._jpeg: bytes | None = None
        self._due = 0.0

    def latest(self) -> bytes:
        """A picture that is hardly older than half a second, where the processor is fast enough.

        Raises:
            CameraError: See Camera.picture.
        """
        with self._lock:
            jpeg = self._jpeg
            began = time.monotonic()
            if jpeg is None or began >= self._due:
                self._jpeg = None
                self._jpeg = jpeg = self._take()
                ended = time.monotonic()
                self._due = max(began + REFRESH_S, ended + REST * (ended - began))
            return jpeg

    def clear(self) -> None:
        """Keep none."""
        self._jpeg = None
