"""The one track of a clip: copied where browsers can show a copy, otherwise encoded."""

import logging
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av

from devices.video.packets.decoder import Decoder
from devices.video.packets.packet import CLOCK, Packet, StreamFormat, format_of_stream
from devices.video.scaler import FILM_FORMAT, Scaler

log = logging.getLogger(__name__)
ENCODING = {"preset": "ultrafast", "crf": "26", "threads": "2"}


class Movie:
    """An MP4 with its index in front, which takes packets of any format.

    Those of the first format are copied if browsers can show that. When the format changes, as it
    does when a camera changes its resolution, a copy cannot go on. Then all is encoded, in the size
    of the first pictures: what was copied before, too.

    Args:
        path: The file's name.
        stream_format: The format of the first packets.
        zero: The moment from which times are counted, in seconds of `time.monotonic()`.
    """

    def __init__(self, path: Path, stream_format: StreamFormat, zero: float) -> None:
        self._path = path
        self._format = stream_format
        self._zero = zero
        self._container = _create(path)
        self._track: _CopiedTrack | _EncodedTrack
        if stream_format.template:
            self._track = _CopiedTrack(self._container, stream_format)
        else:
            self._track = _EncodedTrack(self._container, stream_format, path.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._track.end()
        finally:
            self._container.close()

    def write(self, stream_format: StreamFormat, packet: Packet) -> None:
        """Write a packet; the first one of another format is a key frame."""
        if not stream_format.fits(self._format):
            log.info("%s: the camera changed its format: encoding", self._path.name)
            if isinstance(self._track, _CopiedTrack):
                self._track = self._encode_again()
            self._track.change_to(stream_format)
            self._format = stream_format
        self._track.write(packet, self._zero)

    def _encode_again(self) -> "_EncodedTrack":
        """Encode what was copied, into a new file in the place of the old one."""
        self._container.close()
        with self._path.open("rb") as copied:
            self._path.unlink()
            self._container = _create(self._path)
            track = _EncodedTrack(self._container, self._format, self._path.name)
            with av.open(copied) as container:
                stream = container.streams.video[0]
                track.change_to(format_of_stream(stream))
                for packet in container.demux(stream):
                    if packet.size:
                        track.write(_kept(packet), 0.0)
        return track


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
    """The pictures decoded and encoded again, all of them in the size of the first ones."""

    def __init__(self, container: Any, stream_format: StreamFormat, name: str) -> None:
        self._container = container
        self._name = name
        self._decoder = Decoder(stream_format)
        self._stream: Any = container.add_stream("libx264", options=ENCODING)
        self._stream.width = stream_format.width // 2 * 2
        self._stream.height = stream_format.height // 2 * 2
        self._stream.pix_fmt = FILM_FORMAT
        self._stream.codec_context.time_base = CLOCK
        self._stream.codec_context.sample_aspect_ratio = stream_format.shape
        self._scaler = Scaler()
        self._last_pts = -1

    def change_to(self, stream_format: StreamFormat) -> None:
        """Go on with packets of another format."""
        self._decode(None, 0.0)
        self._decoder = Decoder(stream_format)

    def write(self, packet: Packet, zero: float) -> None:
        self._decode(packet, zero)

    def end(self) -> None:
        self._decode(None, 0.0)
        if self._last_pts < 0:
            raise ValueError(f"none of its pictures can be decoded: {self._decoder.fault}")
        self._container.mux(self._stream.encode(None))

    def _decode(self, packet: Packet | None, zero: float) -> None:
        was_sound = self._decoder.fault is None
        for frame in self._decoder.decode(packet, zero):
            self._encode(frame)
        if was_sound and self._decoder.fault:
            left_out = "what cannot be decoded is left out"
            log.warning("%s: %s: %s", self._name, left_out, self._decoder.fault)

    def _encode(self, frame: Any) -> None:
        size = self._stream.width, self._stream.height
        picture = self._scaler.scale(frame, *size, FILM_FORMAT)
        self._last_pts = max(self._last_pts + 1, frame.pts or 0)
        picture.time_base = CLOCK
        picture.pts = self._last_pts
        picture.pict_type = 0  # the encoder chooses its own key frames
        self._container.mux(self._stream.encode(picture))


def _create(path: Path) -> Any:
    return av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})


def _kept(packet: Any) -> Packet:
    """A packet of a file; its times are seconds from the file's beginning."""
    at = float(packet.pts * packet.time_base)
    decode_at = float(packet.dts * packet.time_base)
    return Packet(at, decode_at, bytes(packet), bool(packet.is_keyframe))
