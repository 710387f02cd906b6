"""Whatever FFmpeg's libraries can read (V4L2, RTSP, HTTP, a file, a test pattern), as packets with believable times."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from devices.video.files import CameraError
from devices.video.packet import CLOCK, Packet, Shape, encoder, shape_of

TEST_PATTERN = (
    "testsrc2=size=640x360:rate=15,realtime"  # a picture with a running clock, at the speed of life
)
TIMEOUT_S = (10.0, 5.0)  # to open a network camera, and between two packets of it
RTSP = {
    "rtsp_transport": "tcp",
    "fpsprobesize": "1",
}  # the rate, which takes a second to find out, is not needed
MOST_A_SECOND = 15.0  # pictures kept of a source whose pictures stand alone (MJPEG, raw)
WIDEST = 1280  # pixels of a raw source's picture; what is wider is made smaller
RAW = ("rawvideo", "wrapped_avframe")
# One thread costs least; no group is longer than a second, so that a ring need hold little and a picture comes soon.
ENCODING = {"tune": "zerolatency", "crf": "23", "g": "15", "threads": "1"}
DRIFT = 0.001  # how much slower than ours a camera's clock may run
JUMP_S = 1.0
TICK_S = 0.001


class Source:
    """One connection to a camera.

    Attributes:
        shape: What its packets have in common.
        is_film: Whether it is a file, which has an end.
    """

    def __init__(self, name: str) -> None:
        """Open it.

        Args:
            name: See `devices.camera.camera.open_camera`.

        Raises:
            OSError, ValueError: it cannot be opened; FFmpeg's errors are of both kinds.
        """
        self._container = _open(name)
        if not self._container.streams.video:
            raise CameraError("there is no picture in it, only sound")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        codec = self._stream.codec_context.codec
        self._is_sparse = bool(codec.intra_only)
        self.is_film = Path(name).is_file()
        self._squeezer = _Squeezer(self._stream.codec_context) if codec.name in RAW else None
        self.shape = self._squeezer.shape if self._squeezer else shape_of(self._stream)
        self._times = Timeline()

    def packets(self, stopped: threading.Event) -> Iterator[Packet]:
        """What comes, as it comes; a file at the speed of life."""
        began, last_at, has_begun = (
            time.monotonic(),
            0.0,
            self._is_sparse or self._squeezer is not None,
        )
        for packet in self._container.demux(self._stream):
            if stopped.is_set():
                return
            has_begun = has_begun or bool(packet.is_keyframe)
            if (
                not packet.size or not has_begun
            ):  # what comes first may hang on what was before we were connected
                continue
            pts, dts = _seconds(packet.pts, packet), _seconds(packet.dts, packet)
            if (
                self.is_film
                and dts is not None
                and stopped.wait(max(0.0, dts - (time.monotonic() - began)))
            ):
                return
            at, sent = self._times.place(pts, dts, time.monotonic())
            if self._is_sparse and at - last_at < 0.9 / MOST_A_SECOND:
                continue
            last_at = at
            if self._squeezer:
                yield from self._squeezer.squeeze(packet.decode(), at)
            else:
                yield Packet(at, sent, bytes(packet), bool(packet.is_keyframe or self._is_sparse))

    def close(self) -> None:
        """Let go of it."""
        self._container.close()


class Timeline:
    """Puts a camera's time stamps, which begin anywhere and run a little wrong, onto our clock.

    No picture is seen after it came, so the quickest packets tell what their stamps mean.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last_sent = self._last_now = 0.0

    def place(self, pts: float | None, dts: float | None, now: float) -> tuple[float, float]:
        """When the picture was seen, and its place in the order of decoding, which only grows; in seconds of our clock.

        Args:
            pts: The source's time stamp of the picture in seconds, if it has one.
            dts: Likewise of its decoding.
            now: When it came, by our clock.
        """
        seen = dts if pts is None else pts
        if seen is None:
            seen = now - (self._offset or 0.0)
        ahead = 0.0 if dts is None else seen - dts  # how much earlier it must be decoded than shown
        if self._offset is None or abs(now - seen - self._offset) > JUMP_S:
            self._offset = now - seen
        self._offset = min(self._offset + (now - self._last_now) * DRIFT, now - seen)
        sent = max(seen + self._offset - ahead, self._last_sent + TICK_S)
        self._last_sent, self._last_now = sent, now
        return sent + ahead, sent


class _Squeezer:
    """Raw pictures are too large to be kept: encodes them as they come."""

    def __init__(self, raw: Any) -> None:
        width = min(raw.width, WIDEST)
        self._drawer, self._stream = encoder(
            width, raw.height * width // raw.width, keep=True, options=ENCODING
        )
        context = self._stream.codec_context
        self.shape = Shape(
            "h264", bytes(context.extradata or b""), context.width, context.height, self._stream
        )

    def squeeze(self, frames: list[Any], at: float) -> Iterator[Packet]:
        for frame in frames:
            picture = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
            picture.time_base, picture.pts = CLOCK, round(at / CLOCK)
            picture.pict_type = 0  # the encoder chooses
            for packet in self._stream.encode(picture):
                yield Packet(at, at, bytes(packet), packet.is_keyframe)


def _seconds(stamp: int | None, packet: Any) -> float | None:
    return None if stamp is None else float(stamp * packet.time_base)


def _open(name: str) -> Any:
    if name == "test":
        return av.open(TEST_PATTERN, format="lavfi")
    if name.startswith("/dev/"):
        return _open_v4l2(name)
    if name.startswith("rtsp://"):
        return av.open(name, options=RTSP, timeout=TIMEOUT_S)
    return av.open(name, timeout=TIMEOUT_S if "://" in name else None)


def _open_v4l2(name: str) -> Any:
    """What the camera encodes itself costs us least: its H.264, then its MJPEG, then its raw pictures."""
    for encoding in ("h264", "mjpeg"):
        try:
            return av.open(name, format="v4l2", options={"input_format": encoding})
        except av.FFmpegError as error:
            if isinstance(error, FileNotFoundError | PermissionError):
                raise
    return av.open(name, format="v4l2")
