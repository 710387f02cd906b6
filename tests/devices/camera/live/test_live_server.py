"""The live picture on a local socket: who may look, what comes, and when it ends."""

import errno
import logging
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.camera import AvCamera, ffmpeg, open_camera
from devices.camera.live import server
from devices.camera.live.place import LIVE
from devices.camera.live.server import serving_live
from devices.machine import local_server
from devices.video import CameraError
from devices.video.live.viewer import Viewer
from tests.devices.camera.live.client import Client, look, reason, units_in
from tests.devices.film import make_film
from tests.devices.rtsp import address, need_rtsp_server, serving
from tests.house import free_port, until


class _Doors:
    """Cameras at their doors, served in a folder whose name is too long for a socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / ("long" * 30)
        self.folder.mkdir()
        self.cameras: dict[str, AvCamera] = {}
        self.reason: str | None = None

    def open(self, door: str, name: str) -> AvCamera:
        self.cameras[door] = camera = open_camera(name, private=lambda: self.reason)
        return camera

    def at(self, door: str) -> AvCamera:
        if door not in self.cameras:
            raise CameraError(f"no camera looks at {door}")
        return self.cameras[door]

    def close(self) -> None:
        for camera in self.cameras.values():
            camera.close()


def _no_camera(door: str) -> AvCamera:
    raise CameraError(f"no camera looks at {door}")


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[_Doors]:
    """A house with no camera yet."""
    doors = _Doors(tmp_path)
    with serving_live(doors.folder, doors.at):
        yield doors
    doors.close()


@pytest.fixture
def film(doors: _Doors, tmp_path: Path) -> AvCamera:
    """A camera at the front door that shows numbered pictures."""
    return doors.open("front", str(make_film(tmp_path / "film.mp4", "libx264", 20)))


def test_who_looks_gets_what_a_network_camera_sends(doors):
    """The very bits, from a real RTSP server."""
    need_rtsp_server()
    port = free_port()
    with serving(port):
        camera = doors.open("front", address(port))
        kind, mp4 = look(doors.folder, "/front/video", 40_000)
        sent = b"".join(packet.data for packet in camera._ring.since(0))
    assert kind.startswith('video/mp4; codecs="avc1.')
    seen = units_in(mp4)
    assert len(seen) > 3
    assert all(unit in sent for unit in seen)


def test_each_door_has_its_camera(doors, film, tmp_path):
    """Several look at several doors at the same time."""
    doors.open("back", "test")
    with_front = Client(doors.folder).ask("/front/video")
    with_back = Client(doors.folder).ask("/back/video")
    assert with_front.headers["Content-Type"] != with_back.headers["Content-Type"]
    assert with_front.read(1000)[4:8] == with_back.read(1000)[4:8] == b"ftyp"


def test_there_is_a_picture_of_now(doors, film):
    """Also of a camera whose stream browsers cannot show, which is said."""
    reply = Client(doors.folder).ask("/front/still")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/jpeg")
    assert reply.read().startswith(b"\xff\xd8")


def test_a_camera_without_h264_gives_pictures_only(doors, tmp_path):
    """The page then asks for these, twice a second."""
    doors.open("front", str(make_film(tmp_path / "film.avi", "mjpeg", 20)))
    assert reason(doors.folder, "/front/video")[0] == 415
    assert Client(doors.folder).ask("/front/still").read().startswith(b"\xff\xd8")


@pytest.mark.parametrize("path", ["/back/video", "/", "/front/other", "/front/video/more"])
def test_what_is_not_there_is_refused(doors, film, path):
    """With a reason for people."""
    status, words = reason(doors.folder, path)
    assert status in (404, 503)
    assert words


def test_it_ends_at_once_when_privacy_begins(doors, film):
    """Whoever looks sees nothing of it, and is told why."""
    reply = Client(doors.folder).ask("/front/video")
    assert reply.read(1000)
    doors.reason = "private until 16:30"
    reply.read()  # to its end
    until(lambda: not film._viewers, "nobody looks any more")
    for kind in ("video", "still"):
        status, words = reason(doors.folder, f"/front/{kind}")
        assert (status, words) == (503, "private until 16:30: nothing is seen")


def _let_wait_much(viewer: Viewer) -> None:
    """More than a socket takes."""
    with viewer._changed:  # its thread takes all that waits, in two steps
        viewer._waiting.extend([viewer.first] * 5000)


def test_who_reads_nothing_holds_up_nobody(doors, film, monkeypatch):
    """His connection is closed; the camera goes on, and others see."""
    monkeypatch.setattr(server.LiveServer, "stalled_s", 0.2)
    unread = Client(doors.folder).ask("/front/video")
    (viewer,) = film._viewers
    _let_wait_much(viewer)
    until(lambda: viewer not in film._viewers, "it is closed")
    unread.close()
    seen = film._ring.newest()
    until(lambda: film._ring.newest() is not seen, "the camera goes on")
    assert look(doors.folder, "/front/video", 1000)


def test_privacy_ends_it_also_for_who_reads_nothing(doors, film):
    """Its thread waits for the client, and must not keep pictures in memory."""
    unread = Client(doors.folder).ask("/front/video")  # without a name it would be closed at once
    (viewer,) = film._viewers
    _let_wait_much(viewer)
    doors.reason = "private, by its switch"
    until(lambda: not film._viewers, "it ends")
    unread.close()


def test_it_ends_when_the_camera_is_away_and_comes_back_with_it(doors, monkeypatch):
    """The reason is the camera's own; its password is not in it."""
    need_rtsp_server()
    monkeypatch.setattr(ffmpeg, "GRACE_S", 0.1)
    monkeypatch.setattr(ffmpeg, "RETRY_S", (0.1,))
    port = free_port()
    with serving(port, "login=admin:secret"):
        doors.open("front", address(port).replace("rtsp://", "rtsp://admin:secret@"))
        reply = Client(doors.folder).ask("/front/video")
        assert reply.read(1000)
    reply.read()  # to its end
    status, words = reason(doors.folder, "/front/video")
    assert status == 503
    assert "gives no picture" in words
    assert "secret" not in words
    with serving(port, "login=admin:secret"):
        until(lambda: reason(doors.folder, "/front/video")[0] == 200, "it is back")


def test_who_is_one_too_many_is_refused(doors, film, monkeypatch):
    """Each has a thread. The others go on looking."""
    monkeypatch.setattr(server.LiveServer, "most", 1)
    first = Client(doors.folder).ask("/front/video")
    assert reason(doors.folder, "/front/video") == (429, "too many are looking")
    assert first.read(1000)
    first.close()
    until(lambda: reason(doors.folder, "/front/still")[0] == 200, "there is room again")


def test_only_the_group_may_look(doors):
    """The group is that of all processes of the doorbell."""
    assert stat.S_IMODE((doors.folder / LIVE.name).stat().st_mode) == 0o660


def test_what_a_crash_left_is_replaced(tmp_path):
    """And nothing is left at the end."""
    with socket.socket(socket.AF_UNIX) as crashed, LIVE.short_name(tmp_path) as name:
        crashed.bind(name)
    with serving_live(tmp_path, _no_camera):
        assert reason(tmp_path, "/front/still") == (503, "no camera looks at front")
    assert not (tmp_path / LIVE.name).exists()


def test_two_recorders_do_not_take_it_from_each_other(doors, film, caplog):
    """The second one records all the same, and the first one goes on serving."""
    with serving_live(doors.folder, _no_camera):
        assert "no live picture: another process serves it there" in caplog.text
        assert reason(doors.folder, "/front/still")[0] == 200
    assert reason(doors.folder, "/front/still")[0] == 200


def test_a_recorder_without_a_place_for_it_records_all_the_same(tmp_path, caplog):
    """The bell does not depend on it."""
    caplog.set_level(logging.WARNING)
    with serving_live(tmp_path / "absent", {}.__getitem__):
        assert "no live picture: No such file or directory" in caplog.text


def test_the_folder_is_what_systemd_says(tmp_path, monkeypatch):
    """Under systemd it is one that two processes share; else the state folder."""
    assert LIVE.folder(tmp_path) == tmp_path
    monkeypatch.setenv("DOORBELL_LIVE", "/run/doorbell-live")
    assert LIVE.folder(tmp_path) == Path("/run/doorbell-live")


class _Scarce:
    """A listener to whose process the system gives no descriptor, some times."""

    def __init__(self, listener: socket.socket, failures: int) -> None:
        self._listener = listener
        self.failures = failures

    def accept(self) -> tuple[socket.socket, object]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listener.accept()

    def shutdown(self, how: int) -> None:
        self._listener.shutdown(how)


def test_a_server_that_runs_out_of_descriptors_goes_on(tmp_path, monkeypatch, caplog):
    """It waits, and says so once; then it serves again, and it still ends when it is closed."""
    monkeypatch.setattr(local_server, "PAUSE_S", 0.01)
    with LIVE.listening(tmp_path, 5) as listener:
        scarce = _Scarce(listener, failures=3)
        live = server.LiveServer(scarce, _no_camera)
        assert reason(tmp_path, "/front/still")[0] == 503
        assert caplog.text.count("Too many open files") == 1
        live.close()
        until(lambda: not live.is_serving(), "its thread ends")
