"""Those who look live cost the bell nothing, and find the recorder again after its death."""

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hub.web.login.register import Register
from tests.devices.camera.live.client import Client
from tests.forked import PATIENCE_S
from tests.house import House, free_port, until
from tests.servers.brokers import BrokerProcess

pytestmark = pytest.mark.fault_matrix


class _Page:
    """A phone that is logged in to the page of a house."""

    def __init__(self, house: House, port: int) -> None:
        self._origin = f"http://127.0.0.1:{port}"
        self._port = port
        code = Register(house.state_dir).make_code()
        kind = "application/x-www-form-urlencoded"
        headers = {"Origin": self._origin, "Content-Type": kind}
        form = urlencode({"name": "Anna"})
        with self._ask("POST", f"/login/{code}", form, headers) as reply:
            self._cookie = reply.headers["Set-Cookie"].partition(";")[0]

    def look(self, kind: str = "video") -> http.client.HTTPResponse:
        """What the front door's picture is."""
        return self._ask("GET", f"/live/front/{kind}", headers={"Cookie": self._cookie})

    def reason(self) -> str:
        """Why there is no live picture; empty if there is one."""
        with self.look() as reply:
            return "" if reply.status == 200 else reply.read().decode()

    def _ask(self, method, path, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        connection.request(method, path, body, {"Connection": "close", **dict(headers)})
        return connection.getresponse()


@pytest.fixture
def port() -> int:
    """Where the page is."""
    return free_port()


@pytest.fixture
def house(mosquitto: BrokerProcess, tmp_path: Path, port: int) -> Iterator[House]:
    """Hub, recorder and page."""
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = (
            f"[web]\nport = {port}\n[handlers.record]\nclip_s = 1\npreroll_s = 1\n"
            'private_topic = "home/private"\n'
        )
        house.start("hub", "record", "web")
        yield house


def test_the_bell_does_not_wait_for_who_looks(house, port):
    """Ten look, of whom some read nothing: each press has its picture and its outcome."""
    page = _Page(house, port)
    readers = [page.look() for _ in range(5)]
    sleepers = [Client(house.state_dir).ask("/front/video") for _ in range(5)]
    presses = [house.press() for _ in range(3)]
    for press in presses:
        house.wait_outcome(press, "record")
    assert len(house.ears.events("snapshot.taken")) == len(presses)
    assert all(reader.read(10_000) for reader in readers)
    for one in (*readers, *sleepers):
        one.close()


def test_who_looks_is_told_that_the_recorder_died_and_sees_it_again(house, port):
    """What it left behind does not keep the next one from serving."""
    page = _Page(house, port)
    with page.look() as reply:
        assert reply.read(1000)
        house.kill("record")
        reply.read()  # to its end
    assert "the process that has the camera does not run" in page.reason()
    house.start("record")
    until(lambda: not page.reason(), "it is served again")


def test_a_page_that_died_leaves_no_viewer_behind(house, port):
    """The recorder notices it at the next picture."""
    page = _Page(house, port)
    with page.look() as reply:
        assert reply.read(1000)
        house.kill("web")
    house.start("web")
    until(lambda: not page.reason(), "it is shown again")


def test_privacy_begins_for_who_looks(house, port):
    """By the switch: the stream ends, and the reason is told until privacy ends."""
    page = _Page(house, port)
    with page.look() as reply:
        assert reply.read(1000)
        house.ears.publish("home/private", "on", retain=True)
        reply.read()  # to its end
    assert page.reason() == "private, by its switch: nothing is seen"
    house.ears.publish("home/private", "off", retain=True)
    until(lambda: not page.reason(), "it is shown again")
