"""What every camera does with its packets: the last seconds in memory, pictures of a moment, one clip at a time."""

import ctypes
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices.video.clip import Clip
from devices.video.files import CameraError, Footage, write
from devices.video.packet import Packet, Shape
from devices.video.ring import Ring
from devices.video.snapshot import picture_of

log = logging.getLogger(__name__)
PATIENCE_S = 3.0
NEAR_S = 0.25  # how long before the moment a picture may have been seen: a visitor does not come in that time
MB = 1_000_000
M_MMAP_THRESHOLD = -3  # glibc's malloc.h
LARGE_BYTES = 262_144


class Recorder:
    """Takes packets from a camera's thread; everything else is asked of it by the handler's."""

    def __init__(
        self,
        name: str,
        *,
        preroll_s: float = 5.0,
        ring_mb: float = 16,
        private: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Nothing seen yet.

        Args:
            name: What the camera is called, without its password.
            preroll_s: How many seconds before now are kept.
            ring_mb: How much memory that may take, at most.
            private: Why nobody may look now; None when one may.
        """
        _give_back_at_once()
        self.name, self.private = name, private
        self._ring = Ring(preroll_s, int(ring_mb * MB))
        self._shape: Shape | None = None
        self._clip: Clip | None = None
        self._changed = threading.Condition()
        self._trouble = ""
        self._tell: Callable[[str], None] = lambda _: None

    def take(self, shape: Shape, packet: Packet) -> None:
        """One more packet. Where the camera changed its ways, what it said before is of no use any more."""
        with self._changed:
            if not shape.fits(self._shape):
                self._forget()
            self._shape = shape
            self._ring.add(packet)
            if self._clip:
                self._clip.add(packet)
            self._changed.notify_all()
        if self._trouble:
            self.be_in_trouble("")

    def forget(self) -> None:
        """Keep nothing in memory; a clip that runs ends here."""
        with self._changed:
            self._forget()

    def snapshot(self, path: Path, ago_s: float = 0.0) -> float:
        """See Camera."""
        moment = time.monotonic() - ago_s
        shape, packets = self._moment(moment)
        write(path, picture_of(shape, packets))
        return packets[-1].at - moment

    def check(self) -> int:
        """See Camera."""
        return len(picture_of(*self._moment(time.monotonic())))

    def start_clip(self, path: Path, ago_s: float = 0.0) -> tuple[Path, float]:
        """See Camera."""
        moment = time.monotonic() - ago_s
        self._moment(moment)
        with self._changed:
            if self._clip and self._clip.is_running:
                return self._clip.path, self._clip.seconds
            if self._shape is None:
                raise CameraError(f"the camera {self.name} gives no picture")
            if self._clip:
                log.info("%s ended before its time and is not told of", self._clip.path)
            self._clip = Clip(
                path, self._shape, self._ring.since(moment - self._ring.seconds), moment
            )
            return path, self._clip.seconds

    def finish_clip(self) -> Footage | None:
        """See Camera."""
        with self._changed:
            clip, self._clip = self._clip, None
        return clip.finish() if clip else None

    def put_down(self) -> None:
        """End the clip with the process. What went wrong with it was logged."""
        with suppress(CameraError):
            self.finish_clip()

    def on_trouble(self, tell: Callable[[str], None]) -> None:
        """See Camera."""
        self._tell = tell
        tell(self._trouble)

    def be_in_trouble(self, words: str) -> None:
        """Say what is wrong, once; empty when all is well."""
        if words != self._trouble:
            self._trouble = words
            log.log(
                logging.WARNING if words else logging.INFO,
                "%s",
                words or f"the camera {self.name} gives pictures",
            )
            self._tell(words)

    def _moment(self, moment: float) -> tuple[Shape, list[Packet]]:
        """What shows that moment; waits for it where all that is there was seen too long before."""
        if reason := self.private():
            raise CameraError(f"{reason}: nothing is seen")
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                packets = self._ring.moment(moment)
                if self._shape and packets and packets[-1].at > moment - NEAR_S:
                    return self._shape, packets
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    why = (
                        self._trouble
                        or f"the camera {self.name} gives no picture. Is it plugged in and reachable?"
                    )
                    raise CameraError(why)

    def _forget(self) -> None:
        self._ring.clear()
        self._shape = None
        if self._clip:
            self._clip.end()


def _give_back_at_once() -> None:
    """Have freed pictures return to the system.

    By itself glibc learns from the first large piece that is freed to keep them (mallopt(3), M_MMAP_THRESHOLD): after
    a few pictures of 1920x1080 the process held 96 MB in place of 38 MB.
    """
    with suppress(AttributeError):  # another libc
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
