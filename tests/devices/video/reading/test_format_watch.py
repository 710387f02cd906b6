"""A camera that changes the size of its pictures within one connection, by real streams."""

import io
import threading
import time
from itertools import groupby, islice, pairwise
from pathlib import Path

import av
import pytest

from devices.camera import open_camera
from devices.video import Recorder
from devices.video.packets.packet import StreamFormat, format_of_annex_b
from devices.video.reading import format_watch
from devices.video.reading.format_watch import FormatWatch
from devices.video.reading.source import open_source
from tests.devices.film import RATE, SIZE, make_film
from tests.devices.http_camera import http_camera
from tests.house import until

LARGER = (SIZE[0] * 2, SIZE[1] * 2)
FRAGMENTED = {"flv": {}, "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}}


def _stream(folder: Path, codec: str, scale: int) -> bytes:
    return make_film(folder / f"{scale}.ts", codec, 1, scale=scale).read_bytes()


def _in_form(folder: Path, form: str, codec: str, scale: int) -> bytes:
    """The same in FLV or in a fragmented MP4."""
    out = io.BytesIO()
    film = make_film(folder / f"{scale}.mp4", codec, 1, scale=scale)
    with av.open(str(film)) as made, av.open(out, "w", form, FRAGMENTED[form]) as copy:
        stream = copy.add_stream_from_template(made.streams.video[0])
        for packet in made.demux(video=0):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    return out.getvalue()


def _video_tags(flv: bytes) -> bytes:
    """The video of an FLV, as a camera goes on with it in a connection (E.4.1)."""
    tags, place = b"", 13
    while place < len(flv):
        end = place + 15 + int.from_bytes(flv[place + 1 : place + 4], "big")
        if flv[place] == 9:
            tags += flv[place:end]
        place = end
    return tags


def _size(stream_format: StreamFormat) -> tuple[int, int]:
    return stream_format.width, stream_format.height


def _key_frame(folder: Path, scale: int = 1) -> bytes:
    with av.open(str(make_film(folder / f"{scale}.h264", "libx264", 1, scale=scale))) as film:
        return bytes(next(film.demux(video=0)))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_each_packet_has_its_own_format(tmp_path: Path, codec: str):
    """MPEG-TS over HTTP: a clip was copied with both sizes in it, and few players showed it."""
    film = _stream(tmp_path, codec, 1) + _stream(tmp_path, codec, 2)
    with http_camera(form="film", film=film) as http:
        source = open_source(http.url)
        packets = islice(source.packets(threading.Event()), 4 * RATE)
        seen = [(_size(source.stream_format), packet.is_key) for packet in packets]
        source.close()
    assert [size for size, _ in groupby(size for size, _ in seen)][:3] == [SIZE, LARGER, SIZE]
    assert all(is_key for (before, _), (size, is_key) in pairwise(seen) if size != before)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_flv_that_changes_goes_on_in_the_same_connection(tmp_path: Path, codec: str):
    """Its parameter sets are beside the packets: the clip had one size and pictures of another."""
    first, second = (_in_form(tmp_path, "flv", codec, scale) for scale in (1, 2))
    recorder = Recorder("front")
    began = time.monotonic() - 2
    sizes = []
    with http_camera(form="film", film=first + _video_tags(second)) as http:
        source = open_source(http.url)
        for packet in islice(source.packets(threading.Event()), 2 * RATE):
            at = began + len(sizes) / RATE  # the server sends it all at once
            recorder.add(source.stream_format, packet._replace(at=at, decode_at=at))
            sizes.append(_size(source.stream_format))
            recorder.start_clip(tmp_path / "clip.mp4", 2)
        source.close()
    recorder.snapshot(tmp_path / "now.jpg", time.monotonic() - at)
    recorded = recorder.finish_clip()
    assert sizes == [SIZE] * RATE + [LARGER] * RATE
    assert recorded is not None
    with av.open(str(recorded.path)) as clip:
        pictures = [(frame.width, frame.height) for frame in clip.decode(video=0)]
    assert set(pictures) == {SIZE}
    assert len(pictures) > 1.8 * RATE
    with av.open(str(tmp_path / "now.jpg")) as picture:
        assert picture.streams.video[0].codec_context.width == LARGER[0]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_mp4_that_begins_anew_is_connected_to_again(tmp_path: Path, codec: str):
    """FFmpeg takes what comes for pictures of the first film. The same film again is no change."""
    first, second = (_in_form(tmp_path, "mp4", codec, scale) for scale in (1, 2))
    with http_camera(form="film", film=first) as http:
        camera = open_camera(http.url)
        try:
            until(lambda: camera._format, "it sees")
            assert (_size(camera._format), http.requests) == (SIZE, 1)
            seen = camera._ring.newest()
            until(lambda: camera._ring.newest().at > seen.at + 1.5, "the film comes again")
            assert http.requests == 1
            http.film = second
            until(lambda: camera._format and _size(camera._format) == LARGER, "it sees more")
            camera.snapshot(tmp_path / "now.jpg")
        finally:
            camera.close()
    with av.open(str(tmp_path / "now.jpg")) as picture:
        assert picture.streams.video[0].codec_context.width == LARGER[0]


def test_what_stays_the_same_is_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A key frame is only taken apart when its parameter sets are others than before."""
    key_frame = _key_frame(tmp_path)
    known = format_of_annex_b("h264", key_frame)
    monkeypatch.setattr(format_watch, "format_of_annex_b", None)
    assert FormatWatch(known).format_at(key_frame, known) is known


def test_a_damaged_key_frame_changes_nothing(tmp_path: Path):
    """It has other parameter sets, and they say no size."""
    known = format_of_annex_b("h264", _key_frame(tmp_path))
    larger = _key_frame(tmp_path, 2)
    watch = FormatWatch(known)
    assert watch.format_at(b"\0\0\1\x67\x42\0\0\1\x65\x88", known) is known
    assert watch.format_at(b"", known) is known
    assert _size(watch.format_at(larger, known)) == LARGER
