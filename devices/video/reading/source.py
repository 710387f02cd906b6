"""A video source that FFmpeg's libraries can read: V4L2, RTSP, HTTP, a file, a test pattern."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import av

from devices.video.packets.packet import (
    CLOCK,
    SQUARE,
    Packet,
    StreamFormat,
    format_of_stream,
    open_encoder,
)
from devices.video.reading.annex_b import AnnexB
from devices.video.reading.byte_stream import ByteStream
from devices.video.reading.format_watch import FormatWatch, has_record
from devices.video.reading.jpeg_scanner import is_jpeg_stream
from devices.video.reading.jpeg_source import JpegSource
from devices.video.reading.one_movie import OneMovie
from devices.video.reading.rate_limit import RateLimit
from devices.video.reading.timestamps import TimestampMapper
from devices.video.recorded import CameraError
from devices.video.scaler import FILM_FORMAT, Scaler
from devices.video.upright import turn_of

TEST_PATTERN = "testsrc2=size=640x360:rate=15,realtime"  # with a running clock, in real time
TIMEOUT_S = (10.0, 5.0)  # to open a network camera, and between two of its packets
# UDP where the camera has no TCP. What a camera says of its pictures is enough: to look at some of
# them would take seconds.
RTSP_OPTIONS = {"rtsp_flags": "prefer_tcp", "fpsprobesize": "1"}
QUICKLY = {"probesize": "32", "analyzeduration": "0"}
BYTES_OPTIONS = {"raw_packet_size": "65536"}
QUICK_HTTP = {"fpsprobesize": "1", "analyzeduration": "1000000"}
PLAYLIST = b"#EXTM3U"
MP4 = b"ftyp"  # the first box; its size is before it
UNSTAMPED = ("h264", "hevc", "m4v", "mjpeg", "mpjpeg")  # FFmpeg invents what these formats lack
MAX_RATE = 15.0  # pictures a second of a source without groups (MJPEG, raw)
MAX_WIDTH = 1280  # pixels of a raw source; wider pictures are scaled down
NEW_RECORD = "new_extradata"  # FFmpeg's, of FLV
RAW_CODECS = ("rawvideo", "wrapped_avframe")
# One thread costs least. A group is at most a second long, so that the ring can be small and a
# picture is decoded fast.
ENCODING = {"tune": "zerolatency", "crf": "23", "g": "15", "threads": "1"}


class Source(Protocol):
    """One connection to a camera.

    Attributes:
        stream_format: The format of its packets; of one that changes it, that of the last one.
        is_file: Whether it is a file, which has an end.
        is_still: Whether it ended after one picture, and has to be asked for the next one.
        keyless_at: When it last sent something before its first key frame, in seconds of
            `time.monotonic()`; 0 if it never did.
    """

    stream_format: StreamFormat
    is_file: bool
    is_still: bool
    keyless_at: float

    def packets(self, stopped: threading.Event) -> Iterator[Packet]:
        """The packets, as they come; those of a file in real time.

        Args:
            stopped: Set it to end this.
        """

    def close(self) -> None:
        """Close the connection."""


def open_source(name: str) -> Source:
    """Connect to a camera.

    Args:
        name: See `devices.camera.open_camera`.

    Raises:
        OSError, ValueError: It cannot be opened. FFmpeg's errors are of both kinds.
    """
    if name.startswith(("http://", "https://")):
        return _open_http(name)
    return AvSource(name, _open(name))


def _open_http(name: str) -> Source:
    """Connect, once if possible, and see what the camera sends."""
    stream = ByteStream(av.open(name, format="data", options=BYTES_OPTIONS, timeout=TIMEOUT_S))
    head = stream.look_ahead(is_jpeg_stream)
    if is_jpeg_stream(head):
        return JpegSource(stream, max_rate=MAX_RATE)
    container = None if head.startswith(PLAYLIST) else _taken_apart(stream, is_mp4=head[4:8] == MP4)
    if container is None:
        stream.close()
        container = _open(name)
    return AvSource(name, container, stream)


def _taken_apart(stream: ByteStream, *, is_mp4: bool) -> Any:
    """What FFmpeg makes of the bytes; None for a film with its index at the end."""
    try:
        return av.open(OneMovie(stream) if is_mp4 else stream, mode="r", options=QUICK_HTTP)
    except (av.FFmpegError, ValueError):
        return None


class AvSource:
    """A source that FFmpeg takes apart.

    Args:
        name: See `devices.camera.open_camera`.
        container: What PyAV has opened of it.
        stream: The connection beneath, if PyAV does not hold it.

    Raises:
        OSError, ValueError: It cannot be read. FFmpeg's errors are of both kinds.
    """

    is_still = False

    def __init__(self, name: str, container: Any, stream: ByteStream | None = None) -> None:
        self._container = container
        self._beneath = stream
        self.keyless_at = 0.0
        if not self._container.streams.video:
            raise CameraError("there is no picture in it, only sound")
        self._stream = self._container.streams.video[0]
        codec = self._stream.codec_context.codec
        self._has_no_groups = bool(codec.intra_only)
        self.is_file = Path(name).is_file()
        self._encoder: _RawEncoder | None = None
        if codec.name in RAW_CODECS:
            self._encoder = _RawEncoder(self._stream.codec_context)
            self.stream_format = self._encoder.stream_format
        else:
            turn = _turn_of_film(name) if self.is_file else 0
            self.stream_format = replace(format_of_stream(self._stream), turn=turn)
        self._annex_b: AnnexB | None = None
        if not self.is_file and has_record(self.stream_format):
            self._annex_b = AnnexB(self.stream_format.codec, self.stream_format.extradata)
            # The first key frame says what is left out here.
            self.stream_format = replace(self.stream_format, extradata=b"", template=None)
        self._watch = FormatWatch(self.stream_format)
        is_stamped = self._container.format.name not in UNSTAMPED
        self._timestamps = TimestampMapper(is_believed=is_stamped)
        self._rate = RateLimit(MAX_RATE)

    def packets(self, stopped: threading.Event) -> Iterator[Packet]:
        """See Source."""
        began = time.monotonic()
        has_begun = self._has_no_groups or self._encoder is not None
        for packet in self._container.demux(self._stream):
            if stopped.is_set():
                return
            # The first packets may depend on pictures from before we were connected.
            has_begun = has_begun or bool(packet.is_keyframe)
            if not has_begun:
                self.keyless_at = time.monotonic()
            if not packet.size or not has_begun:
                continue
            pts = _seconds(packet.pts, packet)
            dts = _seconds(packet.dts, packet)
            if self.is_file and dts is not None:
                ahead_s = dts - (time.monotonic() - began)
                if stopped.wait(max(0.0, ahead_s)):
                    return
            at, decode_at = self._timestamps.map(pts, dts, time.monotonic())
            if self._has_no_groups and not self._rate.lets_pass(at):
                continue
            if self._encoder:
                yield from self._encoder.encode(packet.decode(), at)
            else:
                is_key = bool(packet.is_keyframe or self._has_no_groups)
                data = self._data_of(packet, is_key=is_key)
                if is_key:
                    self.stream_format = self._watch.format_at(data, self.stream_format)
                yield Packet(at, decode_at, data, is_key)

    def _data_of(self, packet: Any, *, is_key: bool) -> bytes:
        if not self._annex_b:
            return bytes(packet)
        if packet.has_sidedata(NEW_RECORD):
            self._annex_b.note(bytes(packet.get_sidedata(NEW_RECORD)))
        return self._annex_b.converted(bytes(packet), is_key=is_key)

    def close(self) -> None:
        """Close the connection."""
        self._container.close()
        if self._beneath:
            self._beneath.close()


class _RawEncoder:
    """Encodes raw pictures as they come, because they are too large to keep."""

    def __init__(self, raw: Any) -> None:
        width = min(raw.width, MAX_WIDTH)
        height = raw.height * width // raw.width
        # The container must live as long as its stream.
        shape = raw.sample_aspect_ratio or SQUARE
        self._container, self._stream = open_encoder(
            width, height, shape, start=True, options=ENCODING
        )
        self._scaler = Scaler()
        context = self._stream.codec_context
        extradata = bytes(context.extradata or b"")
        self.stream_format = StreamFormat(
            "h264", extradata, context.width, context.height, shape, template=self._stream
        )

    def encode(self, frames: list[Any], at: float) -> Iterator[Packet]:
        size = self._stream.width, self._stream.height
        for frame in frames:
            picture = self._scaler.scale(frame, *size, FILM_FORMAT)
            picture.time_base = CLOCK
            picture.pts = round(at / CLOCK)
            picture.pict_type = 0  # the encoder chooses
            for packet in self._stream.encode(picture):
                yield Packet(at, at, bytes(packet), packet.is_keyframe)


def _seconds(stamp: int | None, packet: Any) -> float | None:
    return None if stamp is None else float(stamp * packet.time_base)


def _open(name: str) -> Any:
    if name == "test":
        return av.open(TEST_PATTERN, format="lavfi")
    if name.startswith("/dev/") and not Path(name).is_file():  # a film may lie in /dev/shm
        return _open_v4l2(name)
    if name.startswith(("rtsp://", "rtsps://")):
        container = av.open(name, options=RTSP_OPTIONS | QUICKLY, timeout=TIMEOUT_S)
        if all(stream.width and stream.codec_context.pix_fmt for stream in container.streams.video):
            return container
        container.close()
        return av.open(name, options=RTSP_OPTIONS, timeout=TIMEOUT_S)
    return av.open(name, timeout=TIMEOUT_S if "://" in name else None)


def _turn_of_film(name: str) -> int:
    """By how many degrees a film has to be turned, as the phone that made it wrote down."""
    with av.open(name) as container:
        return next((turn_of(frame) for frame in container.decode(video=0)), 0)


def _open_v4l2(name: str) -> Any:
    """Prefer what costs us least: the camera's own H.264, then its MJPEG, then raw pictures."""
    for encoding in ("h264", "mjpeg"):
        try:
            return av.open(name, format="v4l2", options={"input_format": encoding})
        except (FileNotFoundError, PermissionError):
            raise
        except av.FFmpegError:
            continue
    return av.open(name, format="v4l2")
