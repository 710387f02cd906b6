"""A camera that sends JPEGs over HTTP, by way of a real server."""

import threading

from devices.video.reading.source import open_source
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
