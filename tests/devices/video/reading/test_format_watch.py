"""A camera that changes the size of its pictures within one connection, by real streams."""

import threading
from itertools import groupby, islice, pairwise
from pathlib import Path

import av
import pytest

from devices.video.packet import StreamFormat, format_of_annex_b
from devices.video.reading import format_watch
from devices.video.reading.format_watch import FormatWatch
from devices.video.reading.source import open_source
from tests.devices.film import RATE, SIZE, make_film
from tests.devices.http_camera import http_camera

LARGER = (SIZE[0] * 2, SIZE[1] * 2)


def _stream(folder: Path, codec: str, scale: int) -> bytes:
    return make_film(folder / f"{scale}.ts", codec, 1, scale=scale).read_bytes()


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
