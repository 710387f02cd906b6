"""The promise on every broker: embedded, mosquitto with its settings and ours, RabbitMQ.

RabbitMQ takes ten seconds to start: all tests share one, and only the last one here breaks it.
"""

import signal

import pytest

from tests.house import House, until
from tests.servers.rabbitmq import RabbitProcess
from tests.system.faults.ledger import settle_accounts

pytestmark = pytest.mark.fault_matrix

THREE = ("one", "two", "careful")


def _furnish(house: House) -> None:
    house.write_handler("one", "done(event)")
    house.write_handler("two", "done(event)")
    house.write_handler("careful", "done(event)", '"doorbell.pressed", on_redelivery="skip"')


def test_one_press_has_each_effect_once(any_house: House):
    """Hub and handlers find the protocol; each handler acts, and its outcome is heard."""
    _furnish(any_house)
    any_house.start("hub", *THREE)
    press = any_house.press()
    for name in THREE:
        any_house.wait_outcome(press, name)
    settle_accounts(any_house)
    assert [any_house.acts(name) for name in THREE] == [[(press, False)]] * 3


def test_a_killed_handler_catches_up(any_house: House):
    """What it missed comes out of the hub's journal, in order and once."""
    _furnish(any_house)
    any_house.start("hub", *THREE)
    presses = [any_house.press()]
    settle_accounts(any_house)
    any_house.kill("one")
    presses += [any_house.press() for _ in range(60)]  # more than a page
    any_house.start("one")
    settle_accounts(any_house)
    assert any_house.effects("one") == presses


def test_what_comes_twice_and_out_of_order_is_acted_on_once(any_house: House):
    """All messages come again, backwards, three times: no press is repeated or missing."""
    _furnish(any_house)
    any_house.start("hub", *THREE)
    presses = [any_house.press() for _ in range(5)]
    settle_accounts(any_house)
    said = [
        (topic, load)
        for topic, load, _ in any_house.ears.heard
        if "/event/doorbell/pressed/" in topic
    ]
    for topic, load in [*reversed(said)] * 3:
        any_house.ears.publish(topic, load)
    any_house.kill("two")
    for topic, load in reversed(said):
        any_house.ears.publish(topic, load)
    any_house.start("two")
    presses.append(any_house.press())
    settle_accounts(any_house)
    assert [any_house.effects(name) for name in THREE] == [presses] * 3


def test_a_broker_that_comes_back_with_nothing_in_its_memory(any_house: House):
    """Presses while the broker is dead and a hub and a handler die: all arrive, once."""
    _furnish(any_house)
    any_house.start("hub", *THREE, doom="-")
    any_house.press()
    settle_accounts(any_house)
    any_house.broker.stop(signal.SIGKILL)
    if isinstance(any_house.broker, RabbitProcess):
        any_house.broker.forget()
    for number in (2, 3):
        any_house.ring()
        until(
            lambda number=number: any_house.log("hub").count("pressed (") == number,
            lambda: any_house.log("hub"),
        )
    any_house.kill("hub")
    any_house.kill("one")
    any_house.start("hub", "one", wait=False)
    any_house.broker.start()
    for name in (
        "hub",
        "one",
    ):  # their statuses may come before the ears are back: RabbitMQ is slow
        until(
            lambda name=name: any_house.log(name).count("connected to the broker") > 1,
            lambda name=name: any_house.log(name),
            90,
        )
    any_house.press()
    ledger = settle_accounts(any_house)
    assert len(ledger.presses) == 4
