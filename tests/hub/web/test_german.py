"""A German phone reads German, also where something cannot be done."""

import json
from http import HTTPStatus

import pytest

from devices.camera.live.place import LIVE
from hub.web import device_socket
from hub.web.login.register import Register
from tests.hub.web.client import build_app, log_in
from tests.servers.push_service import Browser

DOORS = {"front": {"name": "Front door"}}
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"
AT_HOME = "https://192.168.1.1/admin"
JSON = {"content_type": "application/json", "accept": "application/json"}


@pytest.fixture
def phone(tmp_path):
    """A browser that is logged in."""
    return log_in(build_app(tmp_path, doors=DOORS), tmp_path)


def _subscribe(phone, **asked):
    body = json.dumps(asked).encode()
    sent = {"origin": phone.origin, "accept_language": "de", **JSON}
    status = phone.ask("POST", "/push/subscription", body, **sent)
    return status, json.loads(phone.text)["text"]


def test_why_there_is_no_live_picture(phone, tmp_path, monkeypatch):
    """The script shows it in place of the picture."""
    phone.get("/live/front/video", accept_language="de")
    assert phone.text == "Kein Livebild: Der Prozess mit der Kamera läuft nicht"
    monkeypatch.setattr(device_socket, "ANSWER_S", 0.05)
    with LIVE.listening(tmp_path, 1):
        phone.get("/live/front/still", accept_language="de")
    assert phone.text == "Kein Livebild: Der Prozess mit der Kamera antwortet nicht"


@pytest.mark.parametrize(
    ("new", "words"), [("short", "zu kurz. Schreiben Sie mindestens 8"), ("x" * 257, "zu lang")]
)
def test_why_a_password_is_not_taken(phone, tmp_path, new, words):
    """On the page of the phones, and at the first login."""
    code = Register(tmp_path).make_code()
    for path in ("/phones/password", f"/login/{code}"):
        assert phone.post(path, {"new": new}, accept_language="de") == HTTPStatus.BAD_REQUEST
        assert f"Das Passwort ist {words}" in phone.text


def test_that_a_phone_is_no_longer_logged_in(phone):
    """Another one has just logged it out."""
    phone.post("/phones/nobody/name", {"name": "x"}, accept_language="de")
    assert "Dieses Telefon ist nicht mehr angemeldet" in phone.text


@pytest.mark.parametrize("path", ["/quiet", "/try"])
def test_that_a_form_cannot_be_read(phone, path):
    """A program may have sent it, or an old page."""
    assert phone.post(path, accept_language="de") == HTTPStatus.BAD_REQUEST
    assert "Dieses Formular ist nicht lesbar" in phone.text


@pytest.mark.parametrize(
    ("subscription", "words"),
    [
        ({}, "In der Anmeldung fehlt endpoint, p256dh, auth oder page"),
        (Browser().subscription(AT_HOME), "Die Adresse der Anmeldung ist nicht die eines"),
    ],
)
def test_why_a_phone_cannot_be_notified(phone, subscription, words):
    """Under "Notify this phone"."""
    status, text = _subscribe(phone, subscription=subscription)
    assert status == HTTPStatus.BAD_REQUEST
    assert f"Dieser Browser kann nicht benachrichtigt werden: {words}" in text


def test_that_another_phone_has_the_name(phone, tmp_path, monkeypatch):
    """It is to be given another one."""
    monkeypatch.setattr("hub.web.push.enrolled.Enrolled.is_of_another", lambda *_: True)
    _, text = _subscribe(phone, subscription=Browser().subscription(ENDPOINT))
    assert "Ein anderes Telefon hat diesen Namen" in text


def test_how_a_phone_may_be_called(phone, tmp_path):
    """The name that stands in the form before somebody writes another one."""
    code = Register(tmp_path).make_code()
    agent = "Mozilla/5.0 (Linux; Android 15) Mobile"
    phone.get(f"/login/{code}", accept_language="de", user_agent=agent)
    assert 'value="Android-Handy"' in phone.text
