"""A phone asks on the page to be notified: what the hub is told, and when that ends."""

import json

import pytest

from devices.phone.webpush.page_name import plain_name
from devices.phone.webpush.vapid import Vapid
from hub.wire.tokens.push_seal import push_secret
from tests.hub.web.client import Client
from tests.hub.web.push.conftest import ENDPOINT, KEY, Page, subscribe, tell


def test_a_phone_is_enrolled_under_its_name(page):
    """The hub gets its subscription sealed, with the page as the sender's contact."""
    phone = page.phone()
    phone.get("/push/key?device=12ab", accept="*/*")
    public = Vapid(push_secret(KEY)).public_key
    assert json.loads(phone.text) == {"key": public, "phone": "my-phone", "known": False}
    assert subscribe(phone) == 200
    ((name, subscription),) = page.hub.told
    assert (name, subscription["endpoint"]) == ("my-phone", ENDPOINT)
    assert subscription["page"] == "https://door.example"
    phone.get("/push/key", accept="*/*")
    assert json.loads(phone.text)["known"] is True
    assert subscribe(phone, endpoint=None) == 200
    assert page.hub.told[1:] == [("my-phone", None)]


@pytest.mark.parametrize("path", ["/push/key", "/push/push.js", "/push/subscription"])
def test_a_stranger_gets_none_of_it(page, path):
    """Neither the key, nor a subscription into this house."""
    stranger = page.stranger()
    assert stranger.get(path, accept="*/*") == 401
    assert subscribe(stranger) == 401
    assert page.hub.told == []


def test_another_page_cannot_subscribe_for_a_phone(page):
    """The cookie alone is not enough: the request has to come from our page."""
    phone = page.phone()
    assert tell(phone, {"subscription": None}, origin="https://evil.example") == 403
    assert tell(phone, {"subscription": None}, sec_fetch_site="cross-site") == 403
    assert page.hub.told == []


@pytest.mark.parametrize(
    "body",
    [
        {"subscription": {"endpoint": "https://192.168.1.1/admin", "keys": {}}},
        {"subscription": "x"},
        {"subscription": 7, "device": ["12ab"]},
        [],
        "no object",
    ],
)
def test_what_is_no_subscription_is_refused_in_words(page, body):
    """An address in the house, or no subscription at all: the hub is told nothing."""
    phone = page.phone()
    assert tell(phone, body) == 400
    assert json.loads(phone.text)["ok"] is False
    assert page.hub.told == []


def test_json_that_is_nested_too_deeply_is_no_subscription(page):
    """Python refuses to read it."""
    phone = page.phone()
    body = b"[" * 60_000
    assert phone.ask("POST", "/push/subscription", body, origin="https://door.example") == 400


def test_without_a_hub_it_is_asked_again(page):
    """The person sees that nothing was done."""
    phone = page.phone()
    page.hub.is_away = True
    assert subscribe(phone) == 503
    assert "Try again" in phone.text
    phone.get("/push/key", accept="*/*")
    assert json.loads(phone.text)["known"] is False


@pytest.mark.usefixtures("standing_limits")
def test_it_is_not_asked_too_often(page):
    """Each change is an event that the hub keeps."""
    phone = page.phone()
    statuses = {subscribe(phone, endpoint=None) for _ in range(21)}
    assert statuses == {200, 429}
    assert phone.headers["retry-after"] == "60"


def test_it_ends_with_the_login(page):
    """A phone that was logged out gets no more; the hub is told until it has confirmed it."""
    phone = page.phone()
    subscribe(phone)
    page.enrolled.look()
    assert len(page.hub.told) == 1
    phone.post("/logout")
    page.hub.is_away = True
    page.enrolled.look()
    page.hub.is_away = False
    page.opened().look()
    assert page.hub.told[1:] == [("my-phone", None)]
    page.opened().look()
    assert len(page.hub.told) == 2


def test_a_phone_that_is_renamed_is_enrolled_anew(page):
    """Its page finds out that it is not known under the new name; until then the old one counts.

    Somebody else may rename it, and it must not miss a ring because nobody opens its page.
    """
    phone = page.phone()
    subscribe(phone)
    (known,) = page.register.phones()
    page.register.rename(known.id, "Anna\u2019s Phone")
    page.enrolled.look()
    assert [name for name, _ in page.hub.told] == ["my-phone"]
    phone.get("/push/key", accept="*/*")
    assert json.loads(phone.text)["known"] is False
    assert json.loads(phone.text)["phone"] == "annas-phone"
    subscribe(phone)
    page.enrolled.look()
    assert [name for name, _ in page.hub.told] == ["my-phone", "annas-phone", "my-phone"]
    assert page.hub.told[-1] == ("my-phone", None)


def test_another_phone_can_have_the_old_name(page):
    """Whoever is called so now."""
    first, second = page.phone(), page.phone()
    subscribe(first)
    known, other = page.register.phones()
    page.register.rename(known.id, "Anna")
    page.register.rename(other.id, "My phone")
    assert subscribe(second) == 200


def test_two_phones_do_not_share_a_name(page):
    """Names that differ only in marks are one name in a topic: the second phone is told so."""
    first, second = page.phone(), page.phone()
    for phone, name in zip(page.register.phones(), ("Annas phone", "Anna's phone"), strict=True):
        page.register.rename(phone.id, name)
    assert [subscribe(first), subscribe(second)] == [200, 409]
    assert "another name" in second.text
    first.post("/logout")
    assert subscribe(second) == 200


def test_behind_a_proxy_each_phone_of_a_user_has_a_name(tmp_path):
    """The proxy names the user, and the browser itself."""
    proxy = {"user_header": "Remote-User", "proxies": ["127.0.0.1"]}
    page = Page(tmp_path, url="https://door.example", **proxy)
    phone = Client(page.app, origin="https://door.example", address="127.0.0.1")
    for device, status in (("12ab", 200), ("34cd", 200), ("../x", 400)):
        body = {"subscription": None, "device": device}
        assert tell(phone, body, remote_user="Anna Muller") == status
    assert [name for name, _ in page.hub.told] == [
        "anna-muller-12ab",
        "anna-muller-34cd",
    ]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Anna's Phone", "annas-phone"),
        ("Größe 5", "grosse-5"),
        ("  iPhone 2 ", "iphone-2"),
        ("電話", "phone"),
        ("x" * 40, "x" * 32),
    ],
)
def test_a_name_can_be_said_in_a_topic(words, name):
    """Small letters, digits and hyphens, whatever a person has written."""
    assert plain_name(words) == name
