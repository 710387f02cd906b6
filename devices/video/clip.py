"""An MP4 in the making, in a thread of its own: a slow disk or encoder holds up nobody who sees."""

import logging
import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av

from devices.video.files import CameraError, Footage, aside, complete
from devices.video.packet import CLOCK, Packet, Shape

log = logging.getLogger(__name__)
BACKLOG_BYTES = 16_000_000  # what may wait for a slow disk or encoder; what comes then is left out
ENCODING = {"preset": "ultrafast", "crf": "26", "threads": "2"}


class Clip:
    """Written aside, with its index in front, and renamed when it is complete."""

    def __init__(self, path: Path, shape: Shape, before: Sequence[Packet], moment: float) -> None:
        """Begin with what was before.

        Args:
            path: What it is to be called.
            shape: Of its packets.
            before: What the ring holds, from a key frame on.
            moment: For what moment it is begun, in seconds of `time.monotonic()`.
        """
        self.path, self.shape, self._moment = path, shape, moment
        self._queue: queue.SimpleQueue[Packet | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0  # bytes in the queue
        self._room = BACKLOG_BYTES + sum(len(packet.data) for packet in before)
        self._wants_key = True
        self._ended = False
        self._failure: Exception | None = None
        self._first: Packet | None = None
        self._last: Packet | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        for packet in before:
            self.add(packet)
        self._thread = threading.Thread(target=self._write, name="clip", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it takes packets."""
        return not self._ended and self._failure is None

    @property
    def seconds(self) -> float:
        """How long it is by now."""
        return self._last.at - self._first.at if self._first and self._last else 0.0

    def add(self, packet: Packet) -> None:
        """One more picture. After one that had to be left out, the next is a key frame."""
        with self._lock:
            if self._ended or (self._wants_key and not packet.is_key):
                return
            self._wants_key = self._waiting + len(packet.data) > self._room
            if self._wants_key:
                log.warning(
                    "%s: disk or encoder are too slow; pictures are left out", self.path.name
                )
                return
            self._waiting += len(packet.data)
            self._first, self._last = self._first or packet, packet
            self._queue.put(packet)

    def end(self) -> None:
        """Take nothing more."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._queue.put(None)

    def finish(self) -> Footage | None:
        """Wait until it stands complete under its name; None when it has no picture.

        Raises:
            CameraError: it could not be written, and nothing of it is left.
        """
        self.end()
        self._thread.join()
        if self._failure:
            raise CameraError(
                f"the clip {self.path} could not be written: {self._failure}"
            ) from self._failure
        if self._first is None:
            return None
        return Footage(self.path, self.seconds, max(0.0, self._moment - self._first.at))

    def _write(self) -> None:
        try:
            if (first := self._queue.get()) is not None:
                self._write_from(first)
                complete(self.path)
        except (av.FFmpegError, OSError, ValueError) as error:
            log.error("the clip %s is given up: %s", self.path, error)  # noqa: TRY400 - the sentence says it all
            self._failure = error
            aside(self.path).unlink(missing_ok=True)

    def _write_from(self, first: Packet) -> None:
        packet: Packet | None = first
        options = {"movflags": "+faststart"}
        with av.open(str(aside(self.path)), "w", format="mp4", options=options) as container:
            track = (
                _Copied(container, self.shape)
                if self.shape.pattern
                else _Encoded(container, self.shape)
            )
            while packet is not None:
                with self._lock:
                    self._waiting -= len(packet.data)
                if packet.at >= first.at:  # what hangs on pictures before the first cannot be shown
                    track.write(packet, first.at)
                packet = self._queue.get()
            track.end()


class _Copied:
    """The packets as they came: it costs next to nothing."""

    def __init__(self, container: Any, shape: Shape) -> None:
        self._container, self._stream = container, container.add_stream_from_template(shape.pattern)
        self._stream.time_base = CLOCK

    def write(self, packet: Packet, zero: float) -> None:
        ticks = packet.in_ticks(zero)
        ticks.stream = self._stream
        self._container.mux(ticks)

    def end(self) -> None:
        """Nothing is held back."""


class _Encoded:
    """Decoded and encoded again, for what browsers cannot show as it is."""

    def __init__(self, container: Any, shape: Shape) -> None:
        self._container, self._decoder = container, shape.decoder()
        self._stream: Any = container.add_stream("libx264", options=ENCODING)
        self._stream.width, self._stream.height = shape.width // 2 * 2, shape.height // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = CLOCK
        self._last = -1

    def write(self, packet: Packet, zero: float) -> None:
        for frame in self._decoder.decode(packet.in_ticks(zero)):
            self._encode(frame)

    def end(self) -> None:
        for frame in self._decoder.decode(None):
            self._encode(frame)
        self._container.mux(self._stream.encode(None))

    def _encode(self, frame: Any) -> None:
        picture = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
        picture.time_base = CLOCK
        picture.pts = self._last = max(self._last + 1, frame.pts or 0)
        picture.pict_type = 0  # what was a key frame in the source need not be one here
        self._container.mux(self._stream.encode(picture))
