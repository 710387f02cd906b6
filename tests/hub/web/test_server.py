"""The page of answer links, asked in its own process of the test: what it shows, refuses, and never says."""

import asyncio
import json
import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from config import Settings
from hub.remote.answer import AnswerError
from hub.web import server as web_server
from hub.web.page import HEADERS
from hub.web.server import FORGED_A_MINUTE, AnswerPage, RateLimiter
from hub.wire.answer_token import Signer, issue
from tests.house import until

SETTINGS = Settings.model_validate(
    {"web": {"url": "https://door.example"}, "doors": {"front": {"name": "Front <door>"}}}
)
SEAL = Signer("k" * 40)
TICKET = issue("home", "front", "a-press", "coming", "anna")
BROWSER = "text/html,application/xhtml+xml"


class _Answerer:
    def __init__(self):
        self.given, self.away = [], False

    def answer(self, door, answer, **more):
        if self.away:
            raise AnswerError("the hub 'home' does not answer")
        self.given.append((door, answer, more))
        return type("Said", (), {"id": more["id"]})


class _Site:
    """Asks the app as a server would (ASGI 3)."""

    def __init__(self, seal=SEAL):
        self.answerer = _Answerer()
        self.app = AnswerPage(SETTINGS, seal, self.answerer).app()

    def ask(self, method, path, accept="*/*", **headers):
        sent = self.sent = []
        raw = [
            (b"accept", accept.encode()),
            *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()),
        ]
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": quote(path).encode(), "query_string": b"",
            "headers": raw, "http_version": "1.1", "scheme": "http", "server": ("test", 80),
            "client": ("t", 1), "root_path": "",
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return self.read()

    def read(self):
        """Status, headers and text of the last answer."""
        begin, *parts = self.sent
        given = {key.decode(): value.decode() for key, value in begin["headers"]}
        return begin["status"], given, b"".join(part.get("body", b"") for part in parts).decode()


@pytest.fixture
def site():
    return _Site()


def _link(ticket=TICKET, seal=SEAL):
    return f"/a/{seal.close(ticket)}"


def test_a_preview_answers_nothing(site):
    """GET and HEAD show a page with one button, which goes where the page came from; its words are escaped."""
    status, _, body = site.ask("GET", _link(), BROWSER)
    assert (status, site.answerer.given) == (200, [])
    assert re.findall("<form.*</form>", body) == [
        '<form method="post"><button>Coming</button></form>'
    ]
    assert "Front &lt;door&gt;" in body
    assert "<script" not in body
    assert site.ask("HEAD", _link(), BROWSER)[0] == 200
    assert site.answerer.given == []


def test_the_button_answers(site):
    """With everything that the ticket carries; a person gets a page, a program JSON."""
    status, headers, body = site.ask("POST", _link(), BROWSER)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "The house knows: Coming" in body
    status, headers, body = site.ask("POST", _link())
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {
        "ok": True, "text": "Front <door>: The house knows: Coming", "door": "front", "event": TICKET.id,
    }  # fmt: skip
    assert (
        site.answerer.given
        == [("front", "coming", {"by": "anna", "press": "a-press", "id": TICKET.id})] * 2
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/a/nothing", 403),
        ("/a/" + "x" * 5000, 403),
        (_link(seal=Signer("l" * 40)), 403),
        (_link(issue("home", "cellar", "p", "coming", "")), 410),
        (_link(issue("other", "front", "p", "coming", "")), 410),
        ("/", 404),
        ("/a/", 404),
        ("/etc/passwd", 404),
    ],
    ids=["none", "long", "forged", "other door", "other hub", "root", "empty", "elsewhere"],
)
def test_what_is_no_good_link_says_so_and_nothing_else(site, method, path, status):
    """As a page and as JSON, with the right code; nobody is told anything."""
    found, headers, body = site.ask(method, path, BROWSER)
    assert (found, site.answerer.given) == (status, [])
    assert "<button" not in body
    found, headers, body = site.ask(method, path)
    assert (found, json.loads(body)["ok"]) == (status, False)
    assert set(HEADERS) <= {key.title() for key in headers} | {"X-Content-Type-Options"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_too_old_is_gone(method):
    """410: it was good once, which a forged one never was."""
    site = _Site(Signer("k" * 40, lambda: datetime.now(UTC) + timedelta(days=2)))
    status, _, body = site.ask(method, _link(), BROWSER)
    assert (status, site.answerer.given) == (410, [])
    assert "This link is too old. Nobody was told anything" in body
    assert "<button" not in body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_else_can_be_done(site, method):
    """A good link allows two methods."""
    assert site.ask(method, _link())[0] == 405
    assert site.answerer.given == []


@pytest.mark.parametrize("length", ["1025", "-1", "x", "9" * 30])
def test_a_body_that_is_too_large_is_refused_unread(site, length):
    """A press of the button has none worth reading."""
    assert site.ask("POST", _link(), content_length=length)[0] == 413
    assert site.answerer.given == []


def test_without_a_hub_it_says_so_and_a_second_try_counts_once(site):
    """503 with the ticket's own event id for the next try."""
    site.answerer.away = True
    assert site.ask("POST", _link())[0] == 503
    site.answerer.away = False
    assert site.ask("POST", _link())[0] == 200
    assert [given[2]["id"] for given in site.answerer.given] == [TICKET.id]


def test_who_tries_many_links_is_slowed_and_harms_no_good_one(site, caplog):
    """429 after some, without a line in the log for each; the house's own links work on."""
    found = [site.ask("POST", f"/a/{number}")[0] for number in range(FORGED_A_MINUTE + 20)]
    assert (found[0], found[-1]) == (403, 429)
    assert site.ask("POST", _link())[0] == 200
    assert 0 < len(caplog.records) <= FORGED_A_MINUTE + 5


def test_no_link_is_ever_logged(site, caplog):
    """Neither of a good one, nor of an old one, nor where the hub is away: whoever reads it could answer."""
    caplog.set_level("DEBUG")
    site.ask("POST", _link())
    site.answerer.away = True
    site.ask("POST", _link())
    assert SEAL.close(TICKET)[:40] not in caplog.text


def test_a_fault_of_ours_is_a_plain_page(site, monkeypatch):
    """500 without a stack; the server, to which the exception goes on, logs it."""
    monkeypatch.setattr(site.answerer, "answer", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        site.ask("POST", _link(), BROWSER)
    status, _, body = site.read()
    assert status == 500
    assert "Something went wrong here" in body
    assert "ZeroDivisionError" not in body


def test_an_allowance_comes_back_with_time(monkeypatch):
    """Sixty a minute is one a second."""
    now = [100.0]
    monkeypatch.setattr("hub.web.server.time.monotonic", lambda: now[0])
    allowance = RateLimiter(60)
    assert [allowance.take() for _ in range(61)] == [True] * 60 + [False]
    now[0] += 1.0
    assert [allowance.take(), allowance.take()] == [True, False]


def test_who_connects_and_asks_nothing_locks_nobody_out(monkeypatch):
    """There are so many connections and no more; one that does not ask soon is ended."""
    monkeypatch.setattr(web_server, "HEAD_S", 0.2)
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    server = web_server._Server(_Site().app, lambda: None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started, "the page listens")
        idle = [socket.create_connection(address) for _ in range(web_server.CONNECTIONS + 6)]
        idle[0].sendall(b"GET /a/x HTTP/1.1\r\nHost: dripping")

        def ask():
            with socket.create_connection(address) as phone:
                phone.sendall(b"GET /nothing HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                return phone.recv(100)

        until(lambda: ask().startswith(b"HTTP/1.1 404"), "somebody who asks is answered")
        assert idle[0].recv(1) == b""
    finally:
        server.stop()
        thread.join(20)
        for one in idle:
            one.close()
