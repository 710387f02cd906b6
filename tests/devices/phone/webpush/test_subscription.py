"""What a browser may subscribe with: this house connects to no address of a browser's choice."""

import socket

import pytest

from devices.phone.http_answer import HttpError
from devices.phone.webpush.push_service import deliver
from devices.phone.webpush.subscription import LOCAL_VARIABLE, Subscription
from tests.servers.push_service import Browser

GOOD = "https://fcm.googleapis.com/fcm/send/abc:def"


def test_a_subscription_of_a_browser_is_read():
    """In the form of `PushSubscription.toJSON()`, and in the form that is kept."""
    subscription = Subscription.of(Browser().subscription(GOOD))
    assert subscription.endpoint == GOOD
    assert Subscription.of(subscription.as_json()) == subscription


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://192.168.1.1/admin",
        "https://router/x",
        "https://push.example:8443/x",
        "https://push.example:x/",
        "https://user:word@push.example/x",
        "https://push.example/x\r\nX-Injected: 1",
        "https://push.exämple/x",
        "https:///x",
        "file:///etc/passwd",
        "https://push.example/" + "x" * 2048,
        None,
        7,
    ],
)
def test_an_endpoint_is_that_of_a_public_push_service(endpoint):
    """HTTPS to a host by its name, on its own port, and nothing else."""
    with pytest.raises(ValueError, match="subscription"):
        Subscription.of({**Browser().subscription(GOOD), "endpoint": endpoint})


@pytest.mark.parametrize("value", [None, [], "x", {}, {"endpoint": GOOD, "keys": []}])
def test_what_is_no_subscription_is_refused(value):
    """Whatever else a browser sends."""
    with pytest.raises(ValueError, match="lacks endpoint"):
        Subscription.of(value)


@pytest.mark.parametrize(
    "keys", [{"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "ü", "auth": "="}, {"auth": 1}]
)
def test_keys_are_those_of_a_browser(keys):
    """A point of 65 bytes, and a secret of 16."""
    with pytest.raises(ValueError, match="subscription"):
        Subscription.of({**Browser().subscription(GOOD), "keys": keys})


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_home_is_not_followed(monkeypatch, address):
    """The address is judged when it is used, so that a name cannot change in between."""
    monkeypatch.delenv(LOCAL_VARIABLE, raising=False)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(HttpError, match="its address is not a public one"):
        deliver("https://push.example/x", {}, b"")
