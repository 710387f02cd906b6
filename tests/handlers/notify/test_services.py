"""`notify` against real services: ntfy in two versions, SMTP; and Telegram against a stand-in."""

import email
import email.policy
import json
import math
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from devices.phone import UndeliveredError
from hub.testing import event
from tests.handlers.notify.desk import JPEG
from tests.house import free_port, until
from tests.needs import miss
from tests.servers.ntfy import ntfy_program, ntfy_server

# Apprise asks for a module that Python 3.13 no longer has, and has its own in place of it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
WEB = "https://door.example"


def _program(suite):
    program = ntfy_program(suite)
    return program or miss("an ntfy server", "export NTFY=/tmp/ntfy && .ci/get-ntfy $NTFY")


@pytest.fixture
def ntfy(tmp_path):
    """A real ntfy server that changes notifications."""
    with ntfy_server(_program("forky"), tmp_path) as server:
        yield server


@pytest.fixture
def old_ntfy(tmp_path):
    """Debian 13's, which does not."""
    with ntfy_server(_program("trixie"), tmp_path) as server:
        yield server


def test_a_phone_shows_one_notification_with_text_picture_and_answers(ntfy, desk, tmp_path):
    """The text at once; the picture takes its place, with the same words and buttons."""
    home = desk(web=WEB, urls=[f"{ntfy.url}/door"], title="Türglocke")
    press = event()
    home.hears(press)
    (text,) = ntfy.messages()
    assert (text["title"], text["message"]) == ("Türglocke", "Somebody is at the front door")
    assert [action["label"] for action in text["actions"]] == [
        "Coming",
        "Leave it at the door",
        "Snooze 1 h",
    ]
    assert {(action["action"], action["method"]) for action in text["actions"]} == {
        ("http", "POST")
    }
    home.sees(press, tmp_path / "1.jpg")
    (shown,) = ntfy.notifications()
    assert (shown["title"], shown["message"]) == (text["title"], text["message"])
    assert ntfy.fetch(shown) == JPEG + press.id.encode()
    assert [action["label"] for action in shown["actions"]] == [
        action["label"] for action in text["actions"]
    ]


def test_on_an_old_server_the_picture_is_a_second_notification(old_ntfy, desk, tmp_path):
    """With words of its own."""
    home = desk(urls=[f"{old_ntfy.url}/door"])
    press = event()
    home.hears(press)
    home.sees(press, tmp_path / "1.jpg")
    text, picture = old_ntfy.notifications()
    assert text["message"] == "Somebody is at the front door"
    assert picture["message"].startswith("This is who was there at ")
    assert old_ntfy.fetch(picture) == JPEG + press.id.encode()
    assert home.board.recipients[0].phones[0].updates is False


def test_what_the_address_says_reaches_the_phone(ntfy, desk, tmp_path):
    """With the text, and with the picture in its place."""
    options = "tags=bell,tür&click=https://door.example/?a=1%26b=2&icon=https://door.example/i.png"
    home = desk(urls=[f"{ntfy.url}/door?{options}"])
    press = event()
    home.hears(press)
    home.sees(press, tmp_path / "1.jpg")
    assert [
        (one["tags"], one["click"], one["icon"], "attachment" in one) for one in ntfy.messages()
    ] == [
        (["bell", "tür"], "https://door.example/?a=1&b=2", "https://door.example/i.png", picture)
        for picture in (False, True)
    ]


def test_several_rings_are_one_notification(ntfy, desk):
    """Which says how many."""
    home = desk(urls=[f"{ntfy.url}/door"])
    press = event()
    home.hears(press)
    home.hears(replace(event(), time=press.time))
    home.hears(home.later[0])
    (shown,) = ntfy.notifications()
    assert shown["message"] == "Somebody is at the front door, and rang 2 times"


def test_a_server_that_refuses_is_quoted(tmp_path, desk):
    """A topic that needs a login; with the login it is told."""
    auth = ["--auth-file", str(tmp_path / "user.db"), "--auth-default-access", "deny-all"]
    program = _program("forky")
    with ntfy_server(program, tmp_path, *auth) as server:
        home = desk(urls=[f"{server.url}/door"])
        with pytest.raises(ConnectionError, match=r"ntfy 127\.0\.0\.1:\d+ answers 403: forbidden"):
            home.hears(event())


def test_a_server_that_takes_no_pictures_gets_the_text(tmp_path, desk):
    """Attachments are off in many servers, and nobody's ring is lost for that."""
    options = ["--attachment-file-size-limit", "10"]
    with ntfy_server(_program("forky"), tmp_path, *options) as server:
        home = desk(urls=[f"{server.url}/door"])
        press = event()
        home.hears(press)
        assert "without the picture: ntfy" in home.sees(press, tmp_path / "1.jpg")
        assert [one["message"] for one in server.messages()] == ["Somebody is at the front door"]


def test_a_server_whose_limit_is_reached_is_tried_later(tmp_path, desk):
    """Ntfy does not say when: the second ring of the day waits, and is no dead letter."""
    options = ["--visitor-message-daily-limit", "1"]
    with ntfy_server(_program("forky"), tmp_path, *options) as server:
        home = desk(urls=[f"{server.url}/door"])
        home.hears(event())
        with pytest.raises(UndeliveredError, match="answers 429: limit reached") as told:
            home.hears(event(door="garden_gate"))
        assert 0 < told.value.retry_after_s < math.inf


def test_a_server_that_is_down_is_told_without_its_path(desk):
    """What people read of a failure names the host, and no token."""
    home = desk(urls=[f"ntfy://tk_s3cret@127.0.0.1:{free_port()}/door"])
    with pytest.raises(ConnectionError, match=r"ntfy 127\.0\.0\.1:\d+ cannot be reached") as told:
        home.hears(event())
    assert "s3cret" not in str(told.value)


@pytest.fixture
def mail():
    """A real SMTP server, and what it took."""

    class Box:
        refuses = ""

        def __init__(self):
            self.mails = []

        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
            if self.refuses:
                return self.refuses
            self.mails.append(
                email.message_from_bytes(envelope.content, policy=email.policy.default)
            )
            return "250 OK"

    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.url = f"mailto://127.0.0.1:{controller.port}/?from=door@example.org&to=anna@example.org&mode=insecure"
    yield box
    controller.stop()


def test_a_mail_is_sent_and_the_picture_follows(mail, desk, tmp_path):
    """Two mails: the text with its answers as links, and the picture as it was taken."""
    home = desk(web=WEB, urls=[mail.url], title="Front bell")
    press = event()
    home.hears(press)
    home.sees(press, tmp_path / "1.jpg")
    text, picture = mail.mails
    assert text["subject"] == "Front bell"
    body = text.get_body(("html", "plain")).get_content()
    assert "Somebody is at the front door" in body
    assert WEB in body
    (attached,) = picture.iter_attachments()
    assert attached.get_content() == JPEG + press.id.encode()


@pytest.mark.parametrize(
    ("reply", "is_final"), [("552 mailbox full", True), ("451 greylisted, try later", False)]
)
def test_a_mail_server_that_refuses_is_quoted(mail, desk, reply, is_final):
    """In its own words; it is tried again where the server says that this may help."""
    mail.refuses = reply
    words = f"mailto: the server answers {reply[:3]}: {reply[4:]}"
    with pytest.raises(UndeliveredError, match=words) as told:
        desk(urls=[mail.url]).hears(event())
    assert (told.value.retry_after_s == math.inf) == is_final


@pytest.mark.parametrize(
    "reply",
    ["501 5.1.3 Bad recipient address syntax", "504 5.5.2 need fully-qualified address"],
)
def test_a_mail_server_that_refuses_an_address_is_asked_once(mail, desk, reply):
    """Postfix answers so; to other commands these codes mean that it does not know them."""

    async def refuse(*_):
        return reply

    mail.handle_RCPT = refuse
    with pytest.raises(UndeliveredError, match=f"mailto: the server answers {reply[:3]}") as told:
        desk(urls=[mail.url]).hears(event())
    assert told.value.retry_after_s == math.inf


class Telegram(BaseHTTPRequestHandler):
    """Answers as the published Bot API does: https://core.telegram.org/bots/api."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        method = self.path.rpartition("/")[2]
        self.server.calls.append((self.path, self._words(body)))
        refusal = self.server.refuses.get(method)
        reply = {"ok": True, "result": {"message_id": len(self.server.calls)}}
        if refusal:
            reply = {"ok": False, "error_code": refusal[0], "description": refusal[1]}
        text = json.dumps(reply).encode()
        self.send_response(refusal[0] if refusal else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _words(self, body):
        kind = self.headers["Content-Type"]
        if kind == "application/json":
            return json.loads(body)
        form = email.message_from_bytes(
            f"Content-Type: {kind}\n\n".encode() + body, policy=email.policy.HTTP
        )
        return {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in form.iter_parts()
        }

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def _telegram():
    with ThreadingHTTPServer(("127.0.0.1", 0), Telegram) as server:
        server.calls, server.refuses = [], {}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def telegram(monkeypatch):
    """A stand-in for Telegram's Bot API server."""
    with _telegram() as server:
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{server.server_port}")
        yield server


TOKEN = "123456789:abcdefg_hijklmnop"  # noqa: S105 - nobody's


def _methods(server):
    assert {path.rpartition("/")[0] for path, _ in server.calls} == {f"/bot{TOKEN}"}
    return [path.rpartition("/")[2] for path, _ in server.calls]


def test_telegram_gets_buttons_and_the_picture_in_the_same_message(telegram, desk, tmp_path):
    """The text is sent; the picture is added to it, and the text below changes with an answer."""
    home = desk(web=WEB, urls=[f"tgram://{TOKEN}/4711"])
    press = event()
    home.hears(press)
    home.sees(press, tmp_path / "1.jpg")
    home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert _methods(telegram) == ["sendMessage", "editMessageMedia", "editMessageMedia"]
    text, picture, answer = (words for _, words in telegram.calls)
    assert (text["chat_id"], text["text"]) == ("4711", "Doorbell: Somebody is at the front door")
    labels = [row[0]["text"] for row in text["reply_markup"]["inline_keyboard"]]
    assert labels == ["Coming", "Leave it at the door", "Snooze 1 h"]
    assert picture["message_id"] == b"1"
    assert picture["picture"] == JPEG + press.id.encode()
    assert json.loads(picture["media"])["caption"] == text["text"]
    assert json.loads(answer["media"])["caption"] == "Doorbell: Front door: coming (anna)"
    assert answer["disable_notification" if "disable_notification" in answer else "message_id"]


def test_a_message_that_was_deleted_is_sent_anew(telegram, desk, tmp_path):
    """Who deletes the text still gets the picture."""
    home = desk(urls=[f"tgram://{TOKEN}/4711"])
    press = event()
    home.hears(press)
    telegram.refuses["editMessageMedia"] = (400, "Bad Request: message to edit not found")
    home.sees(press, tmp_path / "1.jpg")
    assert _methods(telegram) == ["sendMessage", "editMessageMedia", "sendPhoto"]


def test_telegrams_refusal_is_quoted_without_the_token(telegram, desk):
    """The description that it gives."""
    telegram.refuses["sendMessage"] = (403, "Forbidden: bot was blocked by the user")
    home = desk(urls=[f"tgram://{TOKEN}/4711"])
    with pytest.raises(
        ConnectionError, match="Telegram answers 403: Forbidden: bot was blocked"
    ) as told:
        home.hears(event())
    assert TOKEN not in str(told.value)


def test_a_slow_service_holds_nobody_up(ntfy, desk, monkeypatch):
    """All are told at the same time: who is quick is told before who is slow has answered."""
    released = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self):
            released.wait(20)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        home = desk(urls=[f"json://127.0.0.1:{server.server_port}?rto=20", f"{ntfy.url}/door"])
        telling = threading.Thread(target=lambda: home.hears(event()))
        telling.start()
        until(ntfy.messages, "the quick one is told")
        assert telling.is_alive()
        released.set()
        telling.join()
        server.shutdown()
        thread.join()
