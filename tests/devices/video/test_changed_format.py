"""A camera that changes its resolution or codec, by its settings or at night, goes on."""

import io
import time
from pathlib import Path

import av
import pytest

from devices.video import Packet, Recorder, StreamFormat
from devices.video.packets.packet import format_of_stream
from devices.video.snapshot import encode_jpeg
from tests.devices.film import RATE, SIZE, is_gapless, make_film, numbers_in, picture_of

LARGER = StreamFormat("mjpeg", b"", SIZE[0] * 2, SIZE[1] * 2)
SEEN = RATE  # pictures before the change


def _see_film(recorder: Recorder, film: Path, began: float) -> None:
    with av.open(str(film)) as container:
        stream_format = format_of_stream(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.size:
                at = began + float(packet.pts * packet.time_base)
                decode_at = began + float(packet.dts * packet.time_base)
                kept = Packet(at, decode_at, bytes(packet), bool(packet.is_keyframe))
                recorder.add(stream_format, kept)


def _see_larger(recorder: Recorder, number: int, began: float) -> None:
    with av.open(io.BytesIO(picture_of(number)), format="jpeg_pipe") as container:
        frame = next(container.decode(video=0))
    at = began + number / RATE
    jpeg = encode_jpeg(frame.reformat(LARGER.width, LARGER.height))
    recorder.add(LARGER, Packet(at, at, jpeg, is_key=True))


@pytest.mark.parametrize(
    ("codec", "name"), [("libx264", "x.mp4"), ("mjpeg", "x.avi")], ids=["copied", "encoded"]
)
def test_a_clip_goes_on_when_the_format_changes(tmp_path: Path, codec: str, name: str):
    """It ended before the press was to be seen. All of it is in one film, in the first size."""
    recorder = Recorder("front")
    began = time.monotonic() - 3.0
    _see_film(recorder, make_film(tmp_path / name, codec, SEEN // RATE), began)
    recorder.start_clip(tmp_path / "clip.mp4", time.monotonic() - began - 1.0)
    for number in range(SEEN, 2 * SEEN):
        _see_larger(recorder, number, began)
    assert recorder.start_clip(tmp_path / "other.mp4")[0] == tmp_path / "clip.mp4"
    recorded = recorder.finish_clip()
    assert recorded is not None
    numbers = numbers_in(recorded.path)
    assert (numbers[0], numbers[-1], is_gapless(numbers)) == (0, 2 * SEEN - 1, True)
    assert recorded.preroll_s == pytest.approx(1.0, abs=0.1)
    with av.open(str(recorded.path)) as movie:
        stream = movie.streams.video[0]
        assert (stream.codec_context.width, stream.codec_context.height) == SIZE
        assert movie.duration / av.time_base == pytest.approx(recorded.seconds, abs=0.2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["clip.mp4", name])


def test_a_picture_from_after_the_change_has_the_new_size(tmp_path: Path):
    """What came before the change is dropped from memory: it needs another decoder."""
    recorder = Recorder("front")
    began = time.monotonic() - 1.0
    _see_film(recorder, make_film(tmp_path / "x.mp4", "libx264", SEEN // RATE), began)
    _see_larger(recorder, SEEN, began)
    recorder.snapshot(tmp_path / "x.jpg", time.monotonic() - began - 0.8)
    assert numbers_in(tmp_path / "x.jpg") != []
    with av.open(str(tmp_path / "x.jpg")) as picture:
        assert picture.streams.video[0].codec_context.width == LARGER.width
