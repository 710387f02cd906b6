"""A stream of MP4 ends where a film of another format begins in it."""

import io

import pytest

from devices.video.reading.one_movie import OneMovie


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _long(kind: bytes, content: bytes) -> bytes:
    return b"\0\0\0\1" + kind + (16 + len(content)).to_bytes(8, "big") + content


def _moov(size: bytes, made: bytes = b"2026") -> bytes:
    return _box(b"moov", _box(b"mvhd", made), _box(b"trak", _box(b"stsd", b"avc1", size)))


def _read(stream: bytes, size: int) -> bytes:
    movie = OneMovie(io.BytesIO(stream))
    return b"".join(iter(lambda: movie.read(size), b""))


FILM = _box(b"ftyp", b"isom") + _moov(b"640") + _box(b"moof", b"x") + _long(b"mdat", b"moov" * 9)


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_it_ends_with_the_first_film(size: int):
    """In whatever pieces it is read. Its data may contain the name of a box."""
    read = _read(FILM + _box(b"ftyp", b"isom") + _moov(b"320") + _box(b"mdat", b"other"), size)
    assert read.startswith(FILM)
    assert b"other" not in read


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_same_format_again_is_no_end(size: int):
    """Also with another time in it. A box without a size goes on for ever."""
    stream = FILM + _moov(b"640", b"2027") + FILM + b"\0\0\0\0mdat" + _moov(b"320")
    assert _read(stream, size) == stream


def test_what_is_no_mp4_is_read_to_its_end():
    """A box of an impossible size among it."""
    for stream in (b"\0\0\0\3moov" * 5, b"\xff" * 100, b"\0\0\0\1moov" + bytes(8) + b"x" * 40):
        assert _read(stream, 5) == stream
