"""`notify` against a real server on the loopback: the tests look at what Apprise really sends."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from config import SettingsError
from hub import Drop
from hub.testing import event

# Apprise asks for a module that Python 3.13 no longer has, and has its own in place of it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def service() -> Iterator[SimpleNamespace]:
    """A notification service: its `url`, what it `got` (path and message), its `status` answers."""
    state = SimpleNamespace(got=[], status={})

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append((self.path.strip("/"), json.loads(body)))
            self.send_response(state.status.get(self.path.strip("/"), 200))
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        state.url = f"json://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def notify(desk):
    """Call the reaction to an event with these settings, as a new process would."""

    def call(of, memory=None, **more):
        opened = desk(**more)
        opened.memory = {} if memory is None else memory
        return opened.hears(of)

    return call


@pytest.mark.parametrize(
    ("door", "called"), [("front", "front door"), ("garden_gate", "garden gate door")]
)
def test_the_phone_is_told_who_is_where(notify, service, door, called):
    """One press, one message, with the door's name and the title that was set."""
    ahead = datetime.now(UTC) + timedelta(minutes=1)  # it stays new, however slow the machine is
    press = replace(event(door=door), time=ahead)
    outcome = notify(press, urls=[service.url], title="Ding")
    ((_, message),) = service.got
    assert (message["title"], message["message"]) == ("Ding", f"Somebody is at the {called}")
    assert outcome == f"sent to 1: Somebody is at the {called}"


def test_a_late_press_is_a_visitor_missed(notify, service):
    """After a minute nobody is there any more; the phone learns when they were, in local time."""
    press = replace(event(), time=datetime.now(UTC) - timedelta(hours=2))
    notify(press, urls=[service.url])
    expected = f"You missed a visitor at the front door at {press.time.astimezone():%H:%M}"
    assert [message["message"] for _, message in service.got] == [expected]


def test_every_service_is_told(notify, service):
    """Several URLs are several phones."""
    outcome = notify(event(), urls=[f"{service.url}/anna", f"{service.url}/ben"])
    assert sorted(path for path, _ in service.got) == ["anna", "ben"]
    assert outcome.startswith("sent to 2: ")


@pytest.mark.parametrize("refusing", [["anna"], ["ben"], ["anna", "ben"]])
def test_a_service_that_refuses_is_tried_again(notify, service, refusing):
    """An error raises, so that the event comes again; no phone is told twice, and none left out."""
    service.status = dict.fromkeys(refusing, 500)
    press, urls = event(), [f"{service.url}/anna", f"{service.url}/ben"]
    memory = {}
    with pytest.raises(
        ConnectionError, match=rf"^{len(refusing)} of 2 services did not take it: json .*500"
    ):
        notify(press, memory, urls=urls)
    assert {path for path, _ in service.got} == {"anna", "ben"}
    service.got.clear()
    service.status = {}
    notify(replace(press, attempt=2), memory, urls=urls)
    assert sorted(path for path, _ in service.got) == refusing
    assert not any(key.startswith("told") for key in memory), (
        "nothing is left of the attempt that half succeeded"
    )


def test_only_pictures_leave_the_house(notify, service, tmp_path):
    """An event may name any file; what is no JPEG is not sent."""
    secret = tmp_path / "secret.jpg"
    secret.write_text("hunter2")
    with pytest.raises(Drop):
        notify(event("snapshot.taken", path=str(secret)), urls=[service.url])
    with pytest.raises(Drop):
        notify(event("snapshot.taken"), urls=[service.url])
    assert service.got == []


def test_the_picture_follows(notify, service, tmp_path):
    """The snapshot is attached as it is."""
    picture = tmp_path / "door.jpg"
    picture.write_bytes(b"\xff\xd8\xff picture")
    taken = event("snapshot.taken", path=str(picture), door="front")
    notify(taken, urls=[service.url])
    ((_, message),) = service.got
    assert message["message"] == f"This is who was there at {taken.time.astimezone():%H:%M}"
    assert [base64.b64decode(one["base64"]) for one in message["attachments"]] == [
        picture.read_bytes()
    ]


def test_pictures_can_be_switched_off(notify, service, tmp_path):
    """Who does not want the picture to leave the house sends none."""
    outcome = notify(event("snapshot.taken", path=str(tmp_path)), urls=[service.url], picture=False)
    assert (outcome, service.got) == ("pictures are switched off", [])


def test_a_picture_that_is_gone_is_not_tried_again(notify, service, tmp_path):
    """It will not come back: the event goes to the dead letters with a reason."""
    with pytest.raises(Drop, match="picture"):
        notify(event("snapshot.taken", path=str(tmp_path / "gone.jpg")), urls=[service.url])


def test_without_a_phone_it_tells_what_it_would_have_said(notify):
    """Out of the box nobody is told, and the timeline says so."""
    assert (
        notify(event()) == "no phone is set up; it would have read: Somebody is at the front door"
    )


BAD_URLS = ["nonsense://S3CRET", "S3CRET", "pover://S3CRET", "mailto://me:S3CRET"]


@pytest.mark.parametrize("bad", BAD_URLS)
def test_a_url_of_no_service_is_a_fault_that_does_not_show_it(shipped, bad):
    """The fault says where and which; what was typed may be a secret."""
    with pytest.raises(SettingsError) as told:
        shipped("notify", {"urls": ["json://localhost", bad]})
    (fault,) = told.value.faults
    assert fault.startswith("notify.py: [handlers.notify")
    assert "urls" in fault
    assert "number [2] is not a notification service" in fault
    assert "S3CRET" not in fault


def test_each_address_has_its_own_fault(shipped):
    """Those with the same one are named together."""
    urls = ["ntfy://ntfy.sh/door?clik=x", "json://localhost", "nonsense://x", "S3CRET"]
    with pytest.raises(SettingsError) as told:
        shipped("notify", {"urls": urls})
    (fault,) = told.value.faults
    assert "number [1] has ?clik=, which is not sent: " in fault
    assert "; number [3, 4] is not a notification service" in fault


def test_a_url_of_no_service_is_not_in_the_log(shipped, caplog):
    """A secret that was mistyped is not printed by the library either."""
    with caplog.at_level(logging.WARNING), pytest.raises(SettingsError):
        shipped("notify", {"urls": BAD_URLS})
    assert "S3CRET" not in caplog.text
