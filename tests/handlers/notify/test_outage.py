"""`notify` and a service that is away: the ring is told late, once, and says so."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.testing import event
from tests.devices.phone.service import Answer, serving
from tests.house import until


@pytest.fixture
def service(monkeypatch):
    with serving() as served:
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{served.port}")
        yield served


def _again(home, press):
    """Further attempts, until one succeeds."""

    def attempt():
        try:
            return home.hears(press)
        except ConnectionError:
            return None

    return until(attempt, "the service takes it")


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (5, "Somebody is at the front door"),
        (25, r"Somebody rang at the front door \d\d s ago"),
    ],
)
def test_a_ring_says_how_late_it_is(desk, service, age_s, words):
    """The visitor may have left; after a minute it is one who was missed."""
    home = desk(urls=[service.url("ntfy")])
    press = event()
    home.hears(replace(press, time=press.time - timedelta(seconds=age_s)))
    assert re.fullmatch(words, service.got[0].json["message"]), "the machine may be slow"


@pytest.mark.parametrize(("kind", "method"), [("ntfy", "PUT"), ("tgram", "POST"), ("json", "POST")])
def test_a_late_ring_brings_its_picture(desk, service, tmp_path, kind, method):
    """In one message, though the picture was taken while the service was away."""
    home = desk(urls=[service.url(kind)])
    press = event()
    service.answer = Answer(503, {})
    with pytest.raises(ConnectionError):
        home.hears(press)
    said = home.sees(press, tmp_path / "1.jpg")
    assert said == "the picture is sent with the text, which waits"
    assert len(service.got) == 1
    service.answer = Answer()
    assert _again(home, press) == "sent to 1: Somebody is at the front door"
    _, late = service.got
    assert late.method == method
    assert home.sees(press, tmp_path / "1.jpg").startswith("sent to 1")


@pytest.mark.parametrize("kind", ["ntfy", "tgram", "json"])
def test_a_picture_that_is_refused_leaves_the_text_alone(desk, service, tmp_path, kind):
    """It is tried once, and the text stays as it was; the next one is a matter of its own."""
    home = desk(urls=[service.url(kind)])
    service.answer = lambda request: (
        Answer(400, {"error": "attachments not allowed"}) if _has_picture(request) else Answer()
    )
    for door in ("front", "garden_gate"):
        press = event(door=door)
        assert home.hears(press).startswith("sent to 1: Somebody is at the ")
        assert "(without the picture: " in home.sees(press, tmp_path / "1.jpg")
    texts = [request for request in service.got if not _has_picture(request)]
    assert len(texts) == 2


def _has_picture(request):
    return request.method == "PUT" or b"picture of" in request.body or b"base64" in request.body


def test_a_recipient_whose_turn_has_come_gets_the_text_without_a_picture(desk, service, tmp_path):
    """Where text and picture are one message, the text is not lost with the picture."""
    home = desk(recipients={"anna": {"urls": [service.url("ntfy")], "after_s": 30}})
    press = event()
    home.hears(press)
    (waited,) = home.later
    home.sees(press, tmp_path / "1.jpg")
    service.answer = lambda request: (
        Answer(413, {"error": "too large"}) if request.method == "PUT" else Answer()
    )
    assert home.hears(waited).startswith("sent to 1: Somebody is at the front door (without")
    assert [request.method for request in service.got] == ["PUT", "POST"]


def test_a_count_that_comes_late_says_so_too(desk, service):
    """Nobody is at the door any more when the service is back."""
    home = desk(urls=[service.url("ntfy")])
    press = event()
    home.hears(press)
    home.hears(replace(event(), time=press.time + timedelta(seconds=1)))
    (again,) = home.later
    rang = press.time - timedelta(hours=1)
    home.hears(replace(again, data={**again.data, "at": rang.isoformat()}))
    assert service.got[-1].json["message"] == (
        f"You missed a visitor at the front door at {rang.astimezone():%H:%M}, and rang 2 times"
    )
