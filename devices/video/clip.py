"""An MP4 that is being written, in a thread: a slow disk or encoder must not delay the camera."""

import logging
import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av

from devices.machine.atomic_file import atomic_write
from devices.video.decoder import Decoder
from devices.video.packet import CLOCK, Packet, StreamFormat
from devices.video.recorded import CameraError, RecordedClip
from devices.video.upright import turn_film

log = logging.getLogger(__name__)
BACKLOG_BYTES = 16_000_000  # what may wait for a slow disk or encoder; more is left out
ENCODING = {"preset": "ultrafast", "crf": "26", "threads": "2"}


class Clip:
    """A clip with its index in front, which gets its name when it is complete.

    Args:
        path: The file's name.
        stream_format: The format of its packets.
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
        self._queue: queue.SimpleQueue[Packet | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._room_bytes = BACKLOG_BYTES + sum(len(packet.data) for packet in before)
        self._needs_key = True
        self._ended = False
        self._failure: Exception | None = None
        self._first: Packet | None = None
        self._last: Packet | None = None
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
        """Its length so far, in seconds."""
        return self._last.at - self._first.at if self._first and self._last else 0.0

    def add(self, packet: Packet) -> None:
        """Add a picture. If one had to be left out, the next one must be a key frame."""
        with self._lock:
            if self._ended or (self._needs_key and not packet.is_key):
                return
            self._needs_key = self._waiting_bytes + len(packet.data) > self._room_bytes
            if self._needs_key:
                log.warning("%s: disk or encoder too slow; pictures are left out", self.path.name)
                return
            self._waiting_bytes += len(packet.data)
            self._first = self._first or packet
            self._last = packet
            self._queue.put(packet)

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

    def _write(self) -> None:
        first = self._queue.get()
        if first is None:
            return
        try:
            with atomic_write(self.path, fsync=True) as part:
                self._write_from(first, part)
                if self._turn:
                    turn_film(part, self._turn, self._format.width, self._format.height)
        except (av.FFmpegError, OSError, ValueError) as error:
            log.error("the clip %s is abandoned: %s", self.path, error)  # noqa: TRY400
            self._failure = error

    def _write_from(self, first: Packet, path: Path) -> None:
        packet: Packet | None = first
        options = {"movflags": "+faststart"}
        with av.open(str(path), "w", format="mp4", options=options) as container:
            track: _CopiedTrack | _EncodedTrack
            if self._format.template:
                track = _CopiedTrack(container, self._format)
            else:
                track = _EncodedTrack(container, self._format)
            while packet is not None:
                with self._lock:
                    self._waiting_bytes -= len(packet.data)
                # A picture from before the first one cannot be decoded.
                if packet.at >= first.at:
                    track.write(packet, first.at)
                packet = self._queue.get()
            track.end()


class _CopiedTrack:
    """The packets as the camera sent them, which costs next to nothing."""

    def __init__(self, container: Any, stream_format: StreamFormat) -> None:
        self._container = container
        self._stream = container.add_stream_from_template(stream_format.template)
        self._stream.time_base = CLOCK

    def write(self, packet: Packet, zero: float) -> None:
        copy = packet.to_av(zero)
        copy.stream = self._stream
        self._container.mux(copy)

    def end(self) -> None:
        """Nothing was held back."""


class _EncodedTrack:
    """The pictures decoded and encoded again, for formats that browsers cannot show."""

    def __init__(self, container: Any, stream_format: StreamFormat) -> None:
        self._container = container
        self._decoder = Decoder(stream_format)
        self._stream: Any = container.add_stream("libx264", options=ENCODING)
        self._stream.width = stream_format.width // 2 * 2
        self._stream.height = stream_format.height // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = CLOCK
        self._stream.codec_context.sample_aspect_ratio = stream_format.shape
        self._last_pts = -1

    def write(self, packet: Packet, zero: float) -> None:
        was_sound = self._decoder.fault is None
        for frame in self._decoder.decode(packet, zero):
            self._encode(frame)
        if was_sound and self._decoder.fault:
            left_out = "what cannot be decoded is left out"
            log.warning("%s: %s: %s", self._container.name, left_out, self._decoder.fault)

    def end(self) -> None:
        for frame in self._decoder.decode(None):
            self._encode(frame)
        if self._last_pts < 0:
            raise ValueError(f"none of its pictures can be decoded: {self._decoder.fault}")
        self._container.mux(self._stream.encode(None))

    def _encode(self, frame: Any) -> None:
        picture = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
        self._last_pts = max(self._last_pts + 1, frame.pts or 0)
        picture.time_base = CLOCK
        picture.pts = self._last_pts
        picture.pict_type = 0  # the encoder chooses its own key frames
        self._container.mux(self._stream.encode(picture))
