"""`notify` in a consumer: each phone is told once, however often another one refuses."""

from contextlib import closing
from dataclasses import replace

import pytest

from devices.phone import PhoneError
from hub.producer.producer import Producer
from tests.hub.fakes import (
    HUB,
    FakeBroker,
    FakeClock,
    consumer_of,
    opened_state,
    outcomes,
    ring,
    run_until,
)


class Phone:
    """Refuses so many times."""

    name, has_address, can_be_silent, updates = "fake", True, True, True

    def __init__(self, refusals=0):
        self.refusals, self.told = refusals, []

    def send(self, notification, _previous=None):
        if self.refusals:
            self.refusals -= 1
            raise PhoneError("fake answers 507: full")
        self.told.append(notification.text)


@pytest.mark.parametrize("order", [("anna", "ben"), ("ben", "anna")])
def test_who_was_told_is_not_told_again_while_another_refuses(shipped, tmp_path, order):
    """Two recipients: one refuses three times, the other is told once."""
    table = {"recipients": {name: {"urls": ["json://localhost"]} for name in order}}
    file = shipped("notify", table)
    rules = {
        kind: replace(one, backoff_s=0.01, since_s=60.0) for kind, one in file.reactions.items()
    }
    net, phones = FakeBroker(), {"anna": Phone(refusals=3), "ben": Phone()}
    with (
        closing(opened_state(tmp_path / "hub.db", FakeClock())) as hub,
        closing(opened_state(tmp_path / "own.db", FakeClock())) as state,
        rules["doorbell.pressed"].uses(file.config) as messenger,
    ):
        messenger.recipients = [
            replace(one, phones=[phones[one.name]]) for one in messenger.recipients
        ]
        consumer = consumer_of(state, net.bus(), rules, file.config)
        consumer._runner._resources = dict.fromkeys(rules.values(), messenger)
        ring(Producer(hub, net.bus(), HUB))
        run_until(consumer, lambda: len(outcomes(state)) == 5, lambda: str(outcomes(state)))
        said = [kind for kind, _ in outcomes(state)]
    assert said == ["handler.retried"] * 3 + ["notification.sent", "handler.done"]
    assert {name: len(phone.told) for name, phone in phones.items()} == {"anna": 1, "ben": 1}
