"""The addresses that ring: who rings, who only looks, and what is refused."""

import asyncio

import pytest

from config import Settings
from hub.remote.confirmed import UnconfirmedError
from hub.remote.press_links import PressLinks
from hub.web.app import assemble
from hub.web.body_limit import BYTES
from hub.web.links.press_address import INVALID_A_MINUTE, PRESSES_A_MINUTE, PressAddress
from hub.web.links.press_ids import PressIds
from hub.wire.tokens.answer_token import Signer, issue

KEY = "k" * 40
SETTINGS = Settings.model_validate({"doors": {"front": {"name": "Front door"}}})
BROWSER = "text/html,application/xhtml+xml"


class _Presses:
    """Keeps the presses that it is given; `away` is a hub that does not respond."""

    def __init__(self):
        self.given = []
        self.away = False

    def press(self, door, press_id=None):
        if self.away:
            raise UnconfirmedError("the hub 'home' does not answer")
        self.given.append((door, press_id))


class _Site:
    """Sends requests to the app as a server would (ASGI 3)."""

    def __init__(self, folder):
        self.presses = _Presses()
        self.links = PressLinks(folder, KEY)
        self.s = 1_000_000.0
        ids = PressIds(folder, unix_s=lambda: self.s, monotonic_s=lambda: self.s)
        address = PressAddress(SETTINGS, self.links, ids, self.presses)
        self.app = assemble([address.route()])
        self.link = self.links.make("shelly", "front")
        self.path = self.path_of(self.link)

    def path_of(self, link):
        return f"/p/{self.links.token(link)}"

    def ask(self, method, path=None, **headers):
        sent = []
        scope = {
            "type": "http", "method": method, "path": path or self.path, "query_string": b"",
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
            "http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("t", 1),
            "root_path": "",
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        begin, *parts = sent
        self.headers = {key.decode(): value.decode() for key, value in begin["headers"]}
        body = b"".join(part.get("body", b"") for part in parts).decode()
        self.s += 10
        return begin["status"], body


@pytest.fixture
def site(tmp_path):
    return _Site(tmp_path)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("agent", ["", "Shelly/20230913", "DoorBird", "curl/8.0", "Mozilla/4.0"])
def test_a_device_rings(site, method, agent):
    """It says so when the hub has confirmed it, in plain text."""
    assert site.ask(method, user_agent=agent, accept="*/*") == (200, "Front door: The bell rang.\n")
    assert site.headers["content-type"] == "text/plain; charset=utf-8"
    assert [door for door, _ in site.presses.given] == ["front"]


def test_head_never_rings(site):
    """It asks about a page; its sender may not take the answer for a press."""
    assert site.ask("HEAD", user_agent="curl/8.0")[0] == 405
    assert site.presses.given == []


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": BROWSER},
        {"user_agent": "WhatsApp/2.23.20.0 A"},
        {"user_agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"user_agent": "TelegramBot (like TwitterBot)"},
        {"user_agent": "facebookexternalhit/1.1"},
        {"user_agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"},
        {"user_agent": "SkypeUriPreview Preview/0.5"},
        {"purpose": "prefetch"},
        {"sec_purpose": "prefetch;prerender"},
        {"x_moz": "prefetch"},
    ],
)
def test_a_preview_never_rings(site, headers):
    """A browser, and a chat that shows what is behind a link, get a page with one button."""
    status, body = site.ask("GET", **headers)
    assert (status, site.presses.given) == (200, [])
    assert "rang." not in body


def test_the_button_of_the_page_rings(site):
    """A person who follows the link in a browser rings with one more touch."""
    assert '<form method="post"><button>Ring</button></form>' in site.ask("GET", accept=BROWSER)[1]
    status, body = site.ask("POST", accept=BROWSER)
    assert (status, len(site.presses.given)) == (200, 1)
    assert "The bell rang." in body


def test_without_a_hub_it_says_so_and_the_repeat_is_the_same_press(site):
    """A device that tries again when the hub is back rings once."""
    site.presses.away = True
    status, text = site.ask("GET")
    assert status == 503
    assert "does not respond" in text
    ids = []
    site.presses.press = lambda _, press_id: ids.append(press_id)
    for _ in range(2):
        site.ask("GET")
    assert len(ids) == len(set(ids)) == 2


def test_a_revoked_link_rings_no_more(site):
    """Nor does it after a new one of its name was made."""
    site.links.revoke("shelly")
    assert site.ask("GET")[0] == 403
    site.links.make("shelly", "front")
    assert site.ask("GET")[0] == 403
    assert site.presses.given == []


def test_what_is_no_press_address_is_refused(site, tmp_path):
    """Forged, cut off, an answer link, a giant, or of a door that is no more."""
    answer = Signer(KEY).sign(issue("home", "front", "a-press", "coming", ""))
    shed = site.links.make("shed", "shed")
    forged = PressLinks(tmp_path, "another key").token(site.link)
    others = site.path.replace("shelly", "shed")
    for token in ("x", "shelly.", "shelly.ü", forged, others[3:], answer, "x" * 60_000):
        assert site.ask("POST", f"/p/{token}")[0] == 403
    assert site.ask("POST", site.path_of(shed))[0] == 410
    assert site.ask("POST", content_length=str(BYTES + 1))[0] == 413
    assert site.ask("DELETE")[0] == 405
    assert site.presses.given == []


@pytest.mark.usefixtures("standing_limits")
def test_a_device_that_calls_without_end_is_held_back(site):
    """Each link has its own limit, so that another door still rings."""
    answers = [site.ask("GET")[0] for _ in range(PRESSES_A_MINUTE + 1)]
    assert answers.count(429) == 1
    back = site.links.make("back", "front")
    assert site.ask("GET", site.path_of(back))[0] == 200


@pytest.mark.usefixtures("standing_limits")
def test_guessing_is_held_back_and_no_link(site):
    """After too many invalid addresses a valid one still rings."""
    answers = [site.ask("GET", "/p/guess")[0] for _ in range(INVALID_A_MINUTE + 1)]
    assert answers[-1] == 429
    assert site.headers["retry-after"] == "60"
    assert site.ask("GET")[0] == 200


def test_no_address_is_logged(site, caplog):
    """Anyone who reads one can ring."""
    caplog.set_level("DEBUG")
    site.ask("GET")
    site.presses.away = True
    site.ask("GET")
    site.links.revoke("shelly")
    site.ask("GET")
    assert site.path.partition(".")[2] not in caplog.text
