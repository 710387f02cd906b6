"""Web push with real processes: the subscription's way to `notify`, and what a crash leaves."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.wire.event import uuid7
from hub.wire.tokens.house_key import key_in
from hub.wire.tokens.push_seal import seal
from tests.house import House, until
from tests.servers.push_service import Answer, PushService, serving

pytestmark = pytest.mark.fault_matrix


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """A push service that the processes of the house trust."""
    with serving(tmp_path) as started:
        monkeypatch.setenv("SSL_CERT_FILE", str(started.certificate))
        monkeypatch.setenv("PUSH_SERVICE_AT_HOME", "yes")
        yield started


def _subscribe(house: House, service: PushService) -> None:
    """What the page says to the hub."""
    house.state_dir.mkdir(parents=True, exist_ok=True)
    sealed = seal(key_in(house.state_dir), "annas-phone", service.subscription)
    order = {"id": uuid7(), "subscription": sealed}
    topic = "doorbell/cli/page/command/subscribe/home/annas-phone"
    house.ears.publish(topic, json.dumps(order))
    until(lambda: house.ears.events("doorbell.push_changed"), "the hub has journaled it")


def _texts(service: PushService) -> list[str]:
    return [message.json["text"] for message in service.got]


def test_a_phone_subscribes_while_notify_is_off(house: House, service: PushService):
    """It hears of it at its first start; nothing that others hear gives the phone away."""
    house.start("hub")
    _subscribe(house, service)
    house.start("notify")
    until(lambda: service.got, "the phone is greeted")
    press = house.press()
    house.wait_outcome(press, "notify")
    assert _texts(service)[1:] == ["Somebody is at the front door"]
    everything = json.dumps(house.ears.messages("#"))
    assert "wpush" not in everything


def test_a_message_that_is_sent_twice_is_one_notification(house: House, service: PushService):
    """`notify` was killed before it could note that it had sent: the phone shows it once."""
    house.start("hub", "notify")
    _subscribe(house, service)
    until(lambda: service.got, "the phone is greeted")
    killed: list[int] = []

    def answer(message):
        if message.json["buttons"] and not killed:
            killed.append(house.kill("notify"))
        return Answer()

    service.answer = answer
    press = house.press()
    until(lambda: killed, "it was killed while the service had the message")
    house.start("notify")
    house.wait_outcome(press, "notify")
    first, second = (one for one in service.got if one.json["tag"] == press)
    assert first.json["text"] == second.json["text"]
    assert first.headers["Topic"] == second.headers["Topic"]
