"""The promise on every broker that it is tested on."""

from tests.house import House
from tests.system.ledger import settle_accounts

THREE = ("one", "two", "careful")


def _furnish(house: House) -> None:
    house.write_handler("one", "done(event)")
    house.write_handler("two", "done(event)")
    house.write_handler("careful", "done(event)", '"doorbell.pressed", on_redelivery="skip"')


def test_one_press_has_each_effect_once(any_house: House):
    """Hub and handlers find out what the broker speaks; each handler acts, and its outcome is heard."""
    _furnish(any_house)
    any_house.start("hub", *THREE)
    press = any_house.press()
    for name in THREE:
        any_house.wait_outcome(press, name)
    settle_accounts(any_house)
    assert [any_house.acts(name) for name in THREE] == [[(press, False)]] * 3
