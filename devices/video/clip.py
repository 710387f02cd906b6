"""An MP4 that is being written, in a thread: a slow disk or encoder must not delay the camera."""

import logging
import queue
import threading
from collections.abc import Sequence
from pathlib import Path

import av

from devices.machine.atomic_file import atomic_write
from devices.video.movie import Movie
from devices.video.packets.packet import Packet, StreamFormat
from devices.video.recorded import CameraError, RecordedClip
from devices.video.upright import turn_film

log = logging.getLogger(__name__)
BACKLOG_BYTES = 16_000_000  # what may wait for a slow disk or encoder; more is left out


class Clip:
    """A clip with its index in front, which gets its name when it is complete.

    Args:
        path: The file's name.
        stream_format: The format of its first packets.
        before: The packets from before, beginning with a key frame.
        moment: The moment for which the clip is started, in seconds of `time.monotonic()`.
        turn: By how many degrees players have to turn it to the right.
    """

    def __init__(
        self,
        path: Path,
        stream_format: StreamFormat,
        before: Sequence[Packet],
        moment: float,
        turn: int = 0,
    ) -> None:
        self.path = path
        self._format = stream_format
        self._moment = moment
        self._turn = (turn + stream_format.turn) % 360
        self._newest_format = stream_format
        self._queue: queue.SimpleQueue[tuple[StreamFormat, Packet] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._room_bytes = BACKLOG_BYTES + sum(len(packet.data) for packet in before)
        self._needs_key = True
        self._is_slow = False
        self._ended = False
        self._failure: Exception | None = None
        self._first: Packet | None = None
        self._last: Packet | None = None
        for packet in before:
            self.add(stream_format, packet)
        self._thread = threading.Thread(target=self._write, name="clip", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it takes packets."""
        return not self._ended and self._failure is None

    @property
    def seconds(self) -> float:
        """Its length so far, in seconds."""
        return self._last.at - self._first.at if self._first and self._last else 0.0

    @property
    def latest_at(self) -> float:
        """When its last picture was seen, in seconds of `time.monotonic()`; 0 without any."""
        return self._last.at if self._last else 0.0

    def add(self, stream_format: StreamFormat, packet: Packet) -> None:
        """Add a picture. After one that was left out, or of another format, a key frame must come.

        Args:
            stream_format: The packet's format.
            packet: The packet.
        """
        with self._lock:
            self._needs_key = self._needs_key or not stream_format.fits(self._newest_format)
            if self._ended or (self._needs_key and not packet.is_key):
                return
            self._needs_key = self._waiting_bytes + len(packet.data) > self._room_bytes
            if self._needs_key:
                self._say_slow()
                return
            self._waiting_bytes += len(packet.data)
            self._first = self._first or packet
            self._last = packet
            self._newest_format = stream_format
            self._queue.put((stream_format, packet))

    def end(self) -> None:
        """Take no more packets."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._queue.put(None)

    def finish(self) -> RecordedClip | None:
        """End the clip, and wait until the file is complete.

        Returns:
            The clip; None if it has no picture.

        Raises:
            CameraError: The file could not be written. No part of it is left.
        """
        self.end()
        self._thread.join()
        if self._failure:
            raise CameraError(
                f"the clip {self.path} could not be written: {self._failure}"
            ) from self._failure
        if self._first is None:
            return None
        return RecordedClip(self.path, self.seconds, max(0.0, self._moment - self._first.at))

    def _say_slow(self) -> None:
        """Log it once: each picture of MJPEG may be the next one that is left out."""
        level = logging.DEBUG if self._is_slow else logging.WARNING
        log.log(level, "%s: disk or encoder too slow; pictures are left out", self.path.name)
        self._is_slow = True

    def _write(self) -> None:
        begun = self._queue.get()
        if begun is None:
            return
        try:
            with atomic_write(self.path, fsync=True) as part:
                self._write_from(begun[1], part)
                if self._turn:
                    turn_film(part, self._turn, self._format.width, self._format.height)
        except Exception as error:  # whatever it is, the clip must not count as written
            is_odd = not isinstance(error, av.FFmpegError | OSError | ValueError)
            words = "the clip %s is abandoned: %s"
            log.error(words, self.path, error, exc_info=is_odd)  # noqa: TRY400
            self._failure = error
            self._drop_waiting()

    def _drop_waiting(self) -> None:
        """End without a file: what waits, and what comes, would stay in memory for nothing."""
        with self._lock:
            self._ended = True
            self._queue = queue.SimpleQueue()
            self._waiting_bytes = 0

    def _write_from(self, first: Packet, path: Path) -> None:
        stream_format, packet = self._format, first
        with Movie(path, stream_format, first.at) as movie:
            while True:
                with self._lock:
                    self._waiting_bytes -= len(packet.data)
                # A picture from before the first one cannot be decoded.
                if packet.at >= first.at:
                    movie.write(stream_format, packet)
                following = self._queue.get()
                if following is None:
                    return
                stream_format, packet = following
