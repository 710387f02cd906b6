"""Who may talk, and what a request may hold."""

from http import HTTPStatus

import pytest

from hub.web.talk.routes import AWAY
from tests.devices.talk.door import serving_door
from tests.house import until
from tests.hub.web.client import Client, build_app, log_in

SAY = "/talk/front/say?turn=0198c2a4-0000&volume=50&last"


@pytest.fixture
def app(tmp_path):
    """The page of a house with one door."""
    return build_app(tmp_path, doors={"front": {"name": "Front door"}})


@pytest.fixture
def phone(app, tmp_path):
    """A browser that is logged in."""
    return log_in(app, tmp_path)


@pytest.fixture
def door(tmp_path):
    """A process with a speaker and a microphone at the front door."""
    with serving_door(tmp_path) as door:
        yield door


def test_a_person_who_is_logged_in_is_heard(phone, door):
    """With no more than words, which may be none."""
    assert phone.ask("POST", SAY, b"", origin=phone.origin) == HTTPStatus.NO_CONTENT
    until(lambda: any(door.speaker.played), "the chime")


def test_a_stranger_is_neither_heard_nor_told_anything(app, door):
    """Nothing is opened for him."""
    stranger = Client(app)
    said = stranger.ask("POST", SAY, b"", origin=stranger.origin, accept="*/*")
    assert said == HTTPStatus.UNAUTHORIZED
    assert stranger.ask("GET", "/talk/front/listen", accept="*/*") == HTTPStatus.UNAUTHORIZED
    assert door.speaker.played == b""


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil"}, {"sec_fetch_site": "cross-site"}, {}]
)
def test_another_page_cannot_speak_for_a_person(phone, door, headers):
    """A form or a script of it that posts there."""
    assert phone.ask("POST", SAY, b"", **headers) == HTTPStatus.FORBIDDEN
    assert door.speaker.played == b""


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_open_the_microphone(phone, door, site):
    """It could not hear it, but would keep others from it."""
    asked = phone.ask("GET", "/talk/front/listen", sec_fetch_site=site, accept="*/*")
    assert asked == HTTPStatus.FORBIDDEN
    assert not door.line._listeners


@pytest.mark.parametrize(
    ("path", "sound"),
    [
        (SAY, b"odd"),
        (SAY, bytes(32_002)),
        (SAY.replace("50", "5x"), b""),
        (SAY.replace("50", "-5"), b""),
        (SAY.replace("0198c2a4", "x"), b""),
        ("/talk/front/say", b""),
    ],
)
def test_what_is_no_sound_is_refused(phone, door, path, sound):
    """And nobody hears it."""
    assert phone.ask("POST", path, sound, origin=phone.origin) == HTTPStatus.BAD_REQUEST
    assert door.speaker.played == b""


def test_far_too_much_is_not_even_read(phone, door):
    """The limit of all bodies holds here, too."""
    sent = phone.ask("POST", SAY, bytes(70_000), origin=phone.origin)
    assert sent == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/talk/back/listen", 404),
        ("POST", SAY.replace("front", "back"), 404),
        ("GET", SAY, 405),
        ("POST", "/talk/front/listen", 405),
        ("GET", "/talk/front", 404),
    ],
)
def test_what_is_not_there_is_refused(phone, door, method, path, status):
    """Nobody is asked for it."""
    assert phone.ask(method, path, origin=phone.origin) == status


def test_a_process_that_does_not_run_is_told_as_that(phone):
    """In the language of the reader."""
    for method, path in (("POST", SAY), ("GET", "/talk/front/listen")):
        status = phone.ask(method, path, origin=phone.origin, accept_language="en")
        assert (status, phone.text) == (HTTPStatus.SERVICE_UNAVAILABLE, AWAY)
        phone.ask(method, path, origin=phone.origin, accept_language="de")
        assert phone.text == "Der Prozess mit Lautsprecher und Mikrofon läuft nicht"
