"""`notify` in a consumer: each phone is told once, however often another one refuses."""

from contextlib import closing
from dataclasses import replace

import pytest

from devices.phone import PhoneAwayError, PhoneError, PhoneRefusalError
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

TOLD = ["notification.sent", "handler.done"]  # by the handler's own event `notify.told`


class Phone:
    """Refuses so many times."""

    name, has_address, can_be_silent, updates = "fake", True, True, True

    def __init__(self, refusals=0, error=None):
        self.refusals, self.told = refusals, []
        self.error = error or PhoneError("fake answers 507: full")

    def send(self, notification, _previous=None):
        if self.refusals:
            self.refusals -= 1
            raise self.error
        self.told.append(notification.text)


@pytest.fixture
def house(shipped, tmp_path):
    """Rings once, with these phones by their recipient, until so many outcomes were said."""

    def tell(phones, number):
        table = {"recipients": {name: {"urls": ["json://localhost"]} for name in phones}}
        file = shipped("notify", table)
        rules = {
            kind: replace(one, backoff_s=0.01, since_s=60.0) for kind, one in file.reactions.items()
        }
        net = FakeBroker()
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
            run_until(
                consumer, lambda: len(outcomes(state)) == number, lambda: f"{outcomes(state)}"
            )
            return outcomes(state)

    return tell


@pytest.mark.parametrize("order", [("anna", "ben"), ("ben", "anna")])
def test_who_was_told_is_not_told_again_while_another_refuses(house, order):
    """Two recipients: one refuses three times, the other is told once; and others hear of that."""
    phones = {"anna": Phone(refusals=3), "ben": Phone()}
    said = house({name: phones[name] for name in order}, 6)
    assert [kind for kind, _ in said] == [
        "handler.retried",
        *TOLD,
        *["handler.retried"] * 2,
        "handler.done",
    ]
    assert {name: len(phone.told) for name, phone in phones.items()} == {"anna": 1, "ben": 1}


def test_a_wait_outlasts_the_attempts(house):
    """A service that says "later" eight times is asked eight times more, and nobody else again."""
    phones = {"anna": Phone(8, PhoneAwayError("fake answers 429", 0.01)), "ben": Phone()}
    said = house(phones, 11)
    assert [kind for kind, _ in said] == [
        "handler.retried",
        *TOLD,
        *["handler.retried"] * 7,
        "handler.done",
    ]
    assert {data["attempt"] for _, data in said if "attempt" in data} == {1}
    assert {name: len(phone.told) for name, phone in phones.items()} == {"anna": 1, "ben": 1}


def test_a_refusal_for_good_is_a_dead_letter_after_one_attempt(house):
    """With the service's words; the other phone has been told."""
    phones = {"anna": Phone(9, PhoneRefusalError("fake answers 401: unauthorized")), "ben": Phone()}
    (kind, data), *after = house(phones, 3)
    assert (kind, data["attempt"]) == ("handler.dead", 1)
    assert [kind for kind, _ in after] == TOLD
    assert data["reason"] == (
        "1 of 2 services did not take it: anna: fake answers 401: unauthorized"
    )
    assert (phones["anna"].refusals, len(phones["ben"].told)) == (8, 1)
