"""The live picture through the page: who may look, what comes, and what is said where none is."""

import threading
from contextlib import contextmanager
from http import HTTPStatus

import pytest

from devices.camera.live.place import LIVE
from hub.web import device_socket
from hub.web.live import routes as live
from tests.forked import PATIENCE_S
from tests.hub.web.client import Client, build_app, log_in

DOORS = {"front": {"name": "Front door"}}
VIDEO = b'HTTP/1.1 200 OK\r\nContent-Type: video/mp4; codecs="avc1.42c01e"\r\n\r\n'
WAIT = b""
REASON = "private until 16:30: nothing is seen"
PRIVATE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"


@contextmanager
def _recorder(folder, *pieces):
    """A process that has a camera, and sends these to the first one who asks."""
    asked = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(4096).split(b"\r\n")[0].decode())
            for piece in pieces:
                if piece is WAIT:
                    connection.recv(1)  # until the page hangs up
                else:
                    connection.sendall(piece)

    with LIVE.listening(folder, 1) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield asked
        thread.join(PATIENCE_S)


@pytest.fixture
def app(tmp_path):
    """The page of a house with one door."""
    return build_app(tmp_path, doors=DOORS)


@pytest.fixture
def phone(app, tmp_path):
    """A browser that is logged in."""
    return log_in(app, tmp_path)


def test_the_bytes_are_passed_on_as_they_come(phone, tmp_path):
    """With the codec, which the browser has to know before."""
    with _recorder(tmp_path, VIDEO, b"head", b"picture") as asked:
        assert phone.get("/live/front/video") == HTTPStatus.OK
    assert asked == ["GET /front/video HTTP/1.1"]
    assert phone.text == "headpicture"
    assert phone.headers["content-type"] == 'video/mp4; codecs="avc1.42c01e"'
    assert phone.headers["cache-control"] == "no-store"


def test_a_reason_is_passed_on(phone, tmp_path):
    """The page shows it."""
    with _recorder(tmp_path, PRIVATE, REASON.encode()):
        assert phone.get("/live/front/still") == HTTPStatus.SERVICE_UNAVAILABLE
    assert phone.text == REASON


def test_a_recorder_that_does_not_run_is_told_as_that(phone):
    """It may be stopped, crashed, or not be wanted."""
    assert phone.get("/live/front/video") == HTTPStatus.SERVICE_UNAVAILABLE
    assert phone.text == live.AWAY
    assert phone.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("said", [b"HTTP/1.1", b"nonsense\r\n\r\n", b"HTTP/1.1 x y\r\n\r\n"])
def test_what_breaks_off_or_is_no_answer_counts_as_away(phone, tmp_path, said):
    """A process may be killed at any time."""
    with _recorder(tmp_path, said):
        assert phone.get("/live/front/video") == HTTPStatus.SERVICE_UNAVAILABLE
    assert phone.text == live.AWAY


def test_a_recorder_that_hangs_is_not_waited_for_long(phone, tmp_path, monkeypatch):
    """The page can say so."""
    monkeypatch.setattr(device_socket, "ANSWER_S", 0.05)
    with LIVE.listening(tmp_path, 1):
        assert phone.get("/live/front/video") == HTTPStatus.SERVICE_UNAVAILABLE
    assert phone.text == live.SLOW


def test_nobody_looks_for_ever_without_asking_anew(phone, tmp_path, monkeypatch):
    """A phone that was revoked meanwhile is then refused."""
    monkeypatch.setattr(device_socket, "LONGEST_S", 0.05)
    with _recorder(tmp_path, VIDEO + b"picture", WAIT):
        phone.get("/live/front/video")
    assert phone.text == "picture"


@pytest.mark.parametrize("path", ["/live/back/video", "/live/front/other", "/live/front"])
def test_what_is_not_there_is_refused(phone, path):
    """The recorder is not asked for a door that there is not."""
    assert phone.get(path) == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("kind", ["video", "still"])
def test_a_stranger_sees_nothing(app, kind):
    """Without a login there is no picture."""
    assert Client(app).ask("GET", f"/live/front/{kind}", accept="*/*") == HTTPStatus.UNAUTHORIZED
