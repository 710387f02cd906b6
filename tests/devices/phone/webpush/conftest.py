"""A push service in this house, and what a phone behind it needs."""

from collections.abc import Iterator

import pytest

from devices.phone.webpush.sender import Sender
from devices.phone.webpush.subscription import Subscription
from devices.phone.webpush.web_push_phone import WebPushPhone
from tests.servers.push_service import PushService, trusted


class Links:
    """What the page knows."""

    def picture(self, press: str) -> str:
        return f"push/picture/{press}"

    def push_secret(self) -> bytes:
        return b"a secret of no house".ljust(32)

    def unseal(self, phone: str, sealed: str) -> None:
        raise ValueError(phone, sealed)


@pytest.fixture
def service(tmp_path, monkeypatch) -> Iterator[PushService]:
    """A push service that this process trusts, though it is at home."""
    with trusted(tmp_path, monkeypatch) as started:
        yield started


@pytest.fixture
def phone(service) -> WebPushPhone:
    """A phone that has subscribed there."""
    opened = WebPushPhone("annas-phone", Sender(Links()))
    opened.subscription = Subscription.of(service.subscription)
    return opened
