"""JPEGs out of a stream of bytes: neither boundaries nor lengths are believed."""

import pytest

from devices.video.reading import jpeg_scanner
from devices.video.reading.jpeg_scanner import JpegScanner, is_jpeg_stream, size_of_jpeg
from tests.devices.film import SIZE, picture_of

FIRST, SECOND = picture_of(1), picture_of(2)
HEAD = b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"
EOI = b"\xff\xd9"
THUMBNAIL = b"\xff\xd8\xff\xe1" + (len(FIRST) + 2).to_bytes(2, "big") + FIRST


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    "stream",
    [
        b"--x\r\nContent-Type: image/jpeg\r\n\r\n" + FIRST + b"\r\n--x\r\n\r\n" + SECOND,
        b"Content-Type: image/jpeg\r\n\r\n" + FIRST + b"\r\n--x\r\n" + SECOND + b"--x--",
        b"\x00\xff\xd8 \xff\xd9" + FIRST + SECOND,
    ],
    ids=["boundary first", "boundary behind", "bare"],
)
def test_each_picture_is_found_once(stream: bytes, size: int):
    """In whatever pieces the bytes come."""
    assert _found(stream, size) == [FIRST, SECOND]


def test_a_picture_is_there_as_soon_as_its_last_byte():
    """Not only when the next one begins: that may take a second."""
    scanner = JpegScanner()
    assert list(scanner.feed(FIRST[:-1])) == []
    assert list(scanner.feed(FIRST[-1:])) == [FIRST]


def test_a_picture_within_the_headers_of_another_is_none():
    """Cameras put a thumbnail there (EXIF)."""
    picture = THUMBNAIL + FIRST[2:]
    assert list(JpegScanner().feed(picture)) == [picture]
    assert size_of_jpeg(picture) == SIZE


@pytest.mark.parametrize("size", [50, 100_000])
@pytest.mark.parametrize("picture", [SECOND, THUMBNAIL + SECOND[2:]], ids=["bare", "thumbnail"])
def test_a_picture_that_is_cut_off_takes_no_other_with_it(picture: bytes, size: int):
    """Wherever it is cut: in its headers, in the picture in them, in its data, before its end."""
    for cut in range(3, len(picture) - 1, 5):
        stream = HEAD + FIRST + HEAD + picture[:cut] + HEAD + picture + HEAD + FIRST + HEAD
        assert _found(stream, size) == [FIRST, picture, FIRST], cut


def test_a_picture_that_is_cut_off_without_a_line_behind_it():
    """The next one begins right there."""
    for cut in (5, 50, 530, len(SECOND) - 2):
        assert _found(FIRST + SECOND[:cut] + SECOND + FIRST, 7) == [FIRST, SECOND, FIRST], cut


@pytest.mark.parametrize("head", [HEAD, b"\nframe\nX: y\n\n"])
def test_pictures_without_an_end_are_pictures(head: bytes):
    """Cameras leave the end out. Each is there as soon as the line behind it, and gets an end."""
    scanner = JpegScanner()
    for picture in (FIRST, SECOND):
        assert list(scanner.feed(head + picture[:-2])) == []
        assert list(scanner.feed(head)) == [picture[:-2] + head[: head.index(b"\n")] + EOI]


@pytest.mark.parametrize("before", [b"", FIRST])
def test_the_end_of_the_connection_ends_a_picture(before: bytes):
    """That of a camera that ends no picture; where the one before had an end, it was cut off."""
    scanner = JpegScanner()
    assert list(scanner.feed(before + SECOND[:-2])) == ([before] if before else [])
    assert list(scanner.finish()) == ([] if before else [SECOND])


def _found(stream: bytes, size: int) -> list[bytes]:
    scanner = JpegScanner()
    pieces = [stream[place : place + size] for place in range(0, len(stream), size)]
    return [one for piece in pieces for one in scanner.feed(piece)]


def test_a_stream_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch):
    """It must not fill the memory."""
    monkeypatch.setattr(jpeg_scanner, "MOST_BYTES", 10_000)
    with pytest.raises(ValueError, match="no complete JPEG"):
        list(JpegScanner().feed(FIRST[:-2] + bytes(10_000)))


def test_a_picture_without_a_size_is_refused():
    """A decoder could do nothing with it."""
    with pytest.raises(ValueError, match="without a size"):
        size_of_jpeg(b"\xff\xd8\xff\xda\x00\x02\xff\xd9")


def test_what_a_stream_of_jpegs_begins_with():
    """A boundary, a header, or a picture behind any text; other streams begin otherwise."""
    yes = (b"\r\n--x\r\n", b"content-type: image/jpeg", FIRST, b"Hello\r\n" + FIRST)
    assert all(map(is_jpeg_stream, (*yes, b"\xc1\x00\r\nContent-Type: image/jpeg\r\n")))
    no = (b"G@\x00\x10", b"<html>", b"", b"#EXTM3U", b"\r\n", b"\x00\x00\x00 ftyp" + FIRST)
    assert not any(map(is_jpeg_stream, no))
