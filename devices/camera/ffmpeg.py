"""Any camera that FFmpeg's libraries can read: opened again and again, whatever becomes of it."""

import threading
import time
from collections.abc import Callable

import av

from devices.camera.address import without_password
from devices.video.packet import Packet, Shape
from devices.video.recorder import Recorder
from devices.video.source import TIMEOUT_S, Source

RETRY_S = (0.5, 1, 2, 5, 10, 30)
LOOK_S = 0.5
BETWEEN_S = 0.1  # from the end of a film to its beginning
OPENING_S = 2 * sum(TIMEOUT_S)
FROZEN_S = 2 * TIMEOUT_S[1]  # a network camera's silence is noticed by FFmpeg, a device's only here


class AvCamera(Recorder):
    """One thread reads the source; another sees to it that there is one."""

    def __init__(
        self,
        source: str,
        *,
        preroll_s: float = 5.0,
        ring_mb: float = 16,
        private: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Begin to open it.

        Args:
            source: See `devices.camera.camera.open_camera`.
            preroll_s: See Recorder.
            ring_mb: See Recorder.
            private: See Recorder.
        """
        super().__init__(
            without_password(source), preroll_s=preroll_s, ring_mb=ring_mb, private=private
        )
        self._source = source
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See Camera."""
        self._closed.set()
        self._thread.join(sum(TIMEOUT_S))
        self.put_down()

    def _watch(self) -> None:
        """Keep a reader at work, but not while it is private: then the camera itself is let go of."""
        failures = 0
        while not self._closed.is_set():
            if reason := self.private():
                self.forget()
                self.be_in_trouble(f"{reason}: nothing is seen")
                self._closed.wait(LOOK_S)
                continue
            reader = _Reader(self._source, self.take)
            words = self._stand_by(reader)
            reader.stop()
            if not words:
                self._closed.wait(BETWEEN_S)
                continue
            failures = 1 if reader.has_seen else min(failures + 1, len(RETRY_S))
            self.be_in_trouble(
                f"the camera {self.name} gives no picture ({words}). Is it plugged in and reachable?"
            )
            self._closed.wait(RETRY_S[failures - 1])

    def _stand_by(self, reader: "_Reader") -> str:
        """Wait until the reader has ended or is frozen, and say why; empty when there is nothing to complain of."""
        while reader.is_alive():
            if self._closed.is_set() or self.private():
                return ""
            if reader.is_frozen:
                return "it is frozen"
            reader.join(LOOK_S)
        return reader.words


class _Reader(threading.Thread):
    """Reads one connection to its end. Stuck inside a driver it is left behind, and gives nothing more."""

    def __init__(self, source: str, take: Callable[[Shape, Packet], None]) -> None:
        super().__init__(name="camera-reader", daemon=True)
        self._source, self._take = source, take
        self._stopped = threading.Event()
        self._latest = time.monotonic() + OPENING_S
        self.has_seen = False
        self.words = ""
        self.start()

    @property
    def is_frozen(self) -> bool:
        """Whether nothing has come for too long."""
        return time.monotonic() - self._latest > FROZEN_S

    def stop(self) -> None:
        """Take nothing more, and wait a little for the end."""
        self._stopped.set()
        self.join(LOOK_S)

    def run(self) -> None:
        """Open, read, let go."""
        try:
            source = Source(self._source)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.words = without_password(str(error))
            return
        try:
            for packet in source.packets(self._stopped):
                if self._stopped.is_set():
                    return
                self._latest, self.has_seen = time.monotonic(), True
                self._take(source.shape, packet)
            if not (source.is_film and self.has_seen):
                self.words = "it has hung up"
        except (av.FFmpegError, OSError, ValueError) as error:
            self.words = without_password(str(error))
        finally:
            source.close()
