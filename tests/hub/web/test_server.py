"""The page of answer links: what it shows, what it refuses, and what it never logs."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from config import Settings
from hub.remote.confirmed import UnconfirmedError
from hub.web.app import assemble
from hub.web.links.answer_page import INVALID_A_MINUTE, AnswerPage
from hub.web.rate_limiter import RateLimiter
from hub.web.responses.page import HEADERS
from hub.wire.tokens.answer_token import Signer, issue

SETTINGS = Settings.model_validate(
    {"web": {"url": "https://door.example"}, "doors": {"front": {"name": "Front <door>"}}}
)
SIGNER = Signer("k" * 40)
TOKEN = issue("home", "front", "a-press", "coming", "anna")
BROWSER = "text/html,application/xhtml+xml"


class _Answers:
    """Keeps the answers that it is given; `away` is a hub that does not respond."""

    def __init__(self):
        self.given = []
        self.away = False

    def answer(self, door, answer, **more):
        if self.away:
            raise UnconfirmedError("the hub 'home' does not answer")
        self.given.append((door, answer, more))
        return type("Said", (), {"id": more["id"]})


class _Site:
    """Sends requests to the app as a server would (ASGI 3)."""

    def __init__(self, signer=SIGNER):
        self.answers = _Answers()
        self.app = assemble(AnswerPage(SETTINGS, signer, self.answers).routes())

    def ask(self, method, path, accept="*/*", **headers):
        sent = self.sent = []
        raw = [
            (b"accept", accept.encode()),
            *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()),
        ]
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": quote(path).encode(),
            "query_string": b"", "headers": raw, "http_version": "1.1",
            "scheme": "http", "server": ("test", 80),
            "client": ("t", 1), "root_path": "",
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return self.read()

    def read(self):
        """Status, headers and text of the last response."""
        begin, *parts = self.sent
        given = {key.decode(): value.decode() for key, value in begin["headers"]}
        return begin["status"], given, b"".join(part.get("body", b"") for part in parts).decode()


@pytest.fixture
def site():
    return _Site()


def _link(token=TOKEN, signer=SIGNER):
    return f"/a/{signer.sign(token)}"


def test_a_preview_answers_nothing(site):
    """GET and HEAD show a page with one button that posts to its own address; texts are escaped."""
    status, _, body = site.ask("GET", _link(), BROWSER)
    assert (status, site.answers.given) == (200, [])
    assert re.findall("<form.*</form>", body) == [
        '<form method="post"><button>Coming</button></form>'
    ]
    assert "Front &lt;door&gt;" in body
    assert "<script" not in body
    assert site.ask("HEAD", _link(), BROWSER)[0] == 200
    assert site.answers.given == []


def test_the_button_answers(site):
    """It sends all that the token carries; a browser gets a page, other clients JSON."""
    status, headers, body = site.ask("POST", _link(), BROWSER)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Sent: Coming" in body
    status, headers, body = site.ask("POST", _link())
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {
        "ok": True,
        "text": "Front <door>: Sent: Coming",
        "door": "front",
        "event": TOKEN.id,
    }
    assert (
        site.answers.given
        == [("front", "coming", {"by": "anna", "press": "a-press", "id": TOKEN.id})] * 2
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/a/nothing", 403),
        ("/a/" + "x" * 5000, 403),
        (_link(signer=Signer("l" * 40)), 403),
        (_link(issue("home", "cellar", "p", "coming", "")), 410),
        (_link(issue("other", "front", "p", "coming", "")), 410),
        ("/", 404),
        ("/a/", 404),
        ("/etc/passwd", 404),
    ],
    ids=["none", "long", "forged", "other door", "other hub", "root", "empty", "elsewhere"],
)
def test_an_invalid_link_is_refused(site, method, path, status):
    """As a page and as JSON, with the right status; nothing is sent."""
    found, headers, body = site.ask(method, path, BROWSER)
    assert (found, site.answers.given) == (status, [])
    assert "<button" not in body
    found, headers, body = site.ask(method, path)
    assert (found, json.loads(body)["ok"]) == (status, False)
    assert set(HEADERS) <= {key.title() for key in headers} | {"X-Content-Type-Options"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_expires(method):
    """410: it was valid once, which a forged link never was."""
    site = _Site(Signer("k" * 40, lambda: datetime.now(UTC) + timedelta(days=2)))
    status, _, body = site.ask(method, _link(), BROWSER)
    assert (status, site.answers.given) == (410, [])
    assert "This link has expired. Nothing was sent" in body
    assert "<button" not in body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(site, method):
    """A valid link allows GET and POST."""
    assert site.ask(method, _link())[0] == 405
    assert site.answers.given == []


@pytest.mark.parametrize("length", ["1025", "-1", "x", "9" * 30])
def test_a_body_that_is_too_large_is_refused_unread(site, length):
    """A press of the button needs none."""
    assert site.ask("POST", _link(), content_length=length)[0] == 413
    assert site.answers.given == []


def test_without_a_hub_a_second_try_has_the_same_id(site):
    """503; the next try has the id in the token, so that both are one answer."""
    site.answers.away = True
    assert site.ask("POST", _link())[0] == 503
    site.answers.away = False
    assert site.ask("POST", _link())[0] == 200
    assert [given[2]["id"] for given in site.answers.given] == [TOKEN.id]


@pytest.mark.usefixtures("standing_limits")
def test_many_invalid_links_are_limited_and_valid_ones_still_work(site, caplog):
    """429 after some of them, and no log line for each."""
    found = [site.ask("POST", f"/a/{number}")[0] for number in range(INVALID_A_MINUTE + 20)]
    assert (found[0], found[-1]) == (403, 429)
    assert site.ask("POST", _link())[0] == 200
    assert 0 < len(caplog.records) <= INVALID_A_MINUTE + 5


def test_no_link_is_ever_logged(site, caplog):
    """Neither a valid nor a refused one: anyone who reads a link can answer."""
    caplog.set_level("DEBUG")
    site.ask("POST", _link())
    site.answers.away = True
    site.ask("POST", _link())
    assert SIGNER.sign(TOKEN)[:40] not in caplog.text


def test_an_internal_error_is_a_plain_page(site, monkeypatch):
    """500 without a traceback; the server gets the exception and logs it."""
    monkeypatch.setattr(site.answers, "answer", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        site.ask("POST", _link(), BROWSER)
    status, _, body = site.read()
    assert status == 500
    assert "Something went wrong here" in body
    assert "ZeroDivisionError" not in body


def test_a_rate_limit_recovers_with_time():
    """Sixty a minute is one a second."""
    now_s = 100.0
    limiter = RateLimiter(60, seconds=lambda: now_s)
    assert [limiter.take() for _ in range(61)] == [True] * 60 + [False]
    now_s += 1.0
    assert [limiter.take(), limiter.take()] == [True, False]
