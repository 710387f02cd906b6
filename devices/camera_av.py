"""Any camera that FFmpeg's libraries can read: V4L2, RTSP, HTTP, a file, a test pattern."""

import logging
import queue
import re
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from devices.footage import CameraError, aside

log = logging.getLogger(__name__)
TEST_PATTERN = "testsrc2=size=640x360:rate=15,realtime"  # a picture with a running clock, at the speed of life
CLOCK = Fraction(1, 90_000)  # seconds a tick, as usual in MP4
FRAME_PATIENCE_S = 3.0
RETRY_S = (0.5, 1, 2, 5, 10)


class AvCamera:
    """Reads the source in a thread of its own; a source that breaks is opened again."""

    def __init__(self, source: str) -> None:
        """Open it.

        Args:
            source: See `devices.camera.open_camera`.
        """
        self._source, self._name = source, _without_password(source)
        self._lock = threading.Lock()
        self._waiting: list[queue.SimpleQueue[Any]] = []
        self._clip: _Clip | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera", daemon=True)
        self._thread.start()

    def snapshot(self, path: Path) -> None:
        """See Camera."""
        picture = _jpeg(self._next_frame())
        path.parent.mkdir(parents=True, exist_ok=True)
        aside(path).write_bytes(picture)
        aside(path).rename(path)

    def check(self) -> int:
        """See Camera."""
        return len(_jpeg(self._next_frame()))

    def start_clip(self, path: Path) -> Path:
        """See Camera."""
        frame = self._next_frame()
        with self._lock:
            if self._clip is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._clip = _Clip(path, frame.width, frame.height)
            return self._clip.path

    def finish_clip(self) -> tuple[Path, float] | None:
        """See Camera."""
        with self._lock:
            clip, self._clip = self._clip, None
        if clip is None:
            return None
        if clip.is_empty:
            clip.abandon()
            return None
        return clip.path, clip.finish()

    def close(self) -> None:
        """See Camera."""
        self._closed.set()
        self._thread.join(FRAME_PATIENCE_S)
        self.finish_clip()

    def _next_frame(self) -> Any:
        frames: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self._lock:
            self._waiting.append(frames)
        try:
            return frames.get(timeout=FRAME_PATIENCE_S)
        except queue.Empty:
            raise CameraError(f"the camera {self._name} gives no picture. Is it plugged in and reachable?") from None

    def _watch(self) -> None:
        failures = 0
        while not self._closed.is_set():
            try:
                for frame in self._frames():
                    failures = 0
                    self._show(frame)
            except (av.FFmpegError, OSError, ValueError) as error:
                log.warning("camera %s: %s", self._name, _without_password(str(error)))
            self._closed.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1

    def _frames(self) -> Iterator[Any]:
        """Frames as they come. Where each stands for itself (MJPEG, raw), only those that are wanted are decoded."""
        with _open(self._source) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            alone = stream.codec_context.codec.intra_only
            file = Path(self._source).is_file()
            began = time.monotonic()
            for packet in container.demux(stream):
                if self._closed.is_set():
                    return
                if file and packet.pts is not None:
                    self._closed.wait(max(0.0, float(packet.pts * packet.time_base) - (time.monotonic() - began)))
                if not alone or self._waiting or self._clip:
                    yield from packet.decode()

    def _show(self, frame: Any) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for frames in waiting:
            frames.put(frame)
        with self._lock:
            if self._clip:
                self._add_to_clip(self._clip, frame)

    def _add_to_clip(self, clip: "_Clip", frame: Any) -> None:
        try:
            clip.add(frame)
        except (av.FFmpegError, OSError) as error:
            log.error("the clip %s is given up: %s", clip.path, error)  # noqa: TRY400 - the sentence says it all
            self._clip = None
            clip.abandon()


class _Clip:
    """An MP4 in the making: written aside, with its index in front, renamed when complete."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self.path = path
        self._container = av.open(str(aside(path)), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream: Any = self._container.add_stream("libx264", options={"preset": "ultrafast", "crf": "26"})
        self._stream.width, self._stream.height = width // 2 * 2, height // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = CLOCK
        self._began: float | None = None
        self._last = -1

    def add(self, frame: Any) -> None:
        """One more picture, at the time at which it came."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        picture = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
        picture.time_base = CLOCK
        picture.pts = self._last = max(self._last + 1, int((now - self._began) / CLOCK))
        picture.pict_type = 0  # what was a key frame in the source need not be one here
        self._container.mux(self._stream.encode(picture))

    @property
    def is_empty(self) -> bool:
        """Whether no picture came."""
        return self._began is None

    def finish(self) -> float:
        """Complete it; gives its length in seconds."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        aside(self.path).rename(self.path)
        return float(max(0, self._last) * CLOCK)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._container.close()
        aside(self.path).unlink(missing_ok=True)


def _without_password(text: str) -> str:
    """`rtsp://user:secret@host` must not stand in a log."""
    return re.sub(r"//[^/\s]*@", "//", text)


def _open(source: str) -> Any:
    if source == "test":
        return av.open(TEST_PATTERN, format="lavfi")
    if source.startswith("/dev/"):
        return av.open(source, format="v4l2")
    if source.startswith("rtsp://"):
        return av.open(source, options={"rtsp_transport": "tcp"}, timeout=10)
    return av.open(source, timeout=10 if "://" in source else None)


def _jpeg(frame: Any) -> bytes:
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = CLOCK
    encoder.options = {"q": "4"}
    picture = frame.reformat(format="yuvj420p")
    picture.pts, picture.pict_type = 0, 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(picture), *encoder.encode(None)))
