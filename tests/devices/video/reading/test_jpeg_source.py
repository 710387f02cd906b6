"""A camera that sends JPEGs over HTTP, by way of a real server."""

import threading
from itertools import islice

import pytest

from devices.video.reading.jpeg_source import JpegSource
from devices.video.reading.source import open_source
from tests.devices.film import picture_of
from tests.devices.http_camera import http_camera
from tests.house import until


def test_a_connection_without_pictures_can_be_ended():
    """It was kept for good, and a camera that takes one connection refused the next one."""
    stopped = threading.Event()
    with http_camera(form="film", film=b"--frame\r\nContent-Type: image/jpeg\r\n\r\n") as http:
        source = open_source(http.url)
        packets = source.packets(stopped)
        reader = threading.Thread(target=lambda: list(packets), daemon=True)
        reader.start()
        stopped.set()
        until(lambda: not reader.is_alive(), "it ends", 10)
        source.close()


@pytest.mark.parametrize(
    "before",
    [
        b"\r\n",
        b"This is a multi-part message\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n",
        b"X-Timestamp: 1\r\n",
        b"frame\r\n",
    ],
    ids=["blank line", "preamble", "second head", "header", "boundary without dashes"],
)
def test_any_text_may_stand_before_the_first_picture(before: bytes):
    """FFmpeg took 26 s for such a stream, and gave each picture when the next one came."""
    with http_camera(before=before, pause_s=0.05) as http:
        source = open_source(http.url)
        assert isinstance(source, JpegSource)
        pictures = [packet.data for packet in islice(source.packets(threading.Event()), 2)]
        source.close()
    assert pictures == [picture_of(number) for number in http.sent[:2]]
