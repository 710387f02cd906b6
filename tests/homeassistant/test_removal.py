"""What is no more disappears from Home Assistant, and a new name changes nothing there."""

import signal

import pytest

from tests.homeassistant.home import BELL, SOON_S, Home, payloads
from tests.house import until

BACK = "event.back_door_bell"


def _restart_hub(home: Home, *, settings: str = "") -> None:
    home.house.kill("hub", signal.SIGTERM)
    home.house.settings = f"{Home.SETTINGS}{settings}"
    home.house.start("hub")


def test_a_door_comes_and_goes(home: Home):
    """With its device, when the settings name it, and when they no longer do."""
    _restart_hub(home, settings="[doors.back]\n")
    home.wait(BACK, lambda state: state != "unavailable")
    _restart_hub(home)
    until(lambda: BACK not in home.seen.states(), "the back door is gone", SOON_S)
    home.wait(BELL, lambda state: state != "unavailable")


def test_switched_off_everything_disappears(home: Home):
    """And comes back with the same names."""
    before = {one for one in home.seen.states() if "front_door" in one or "doorbell" in one}
    _restart_hub(home, settings="[homeassistant]\nenabled = false\n")
    until(lambda: not before & set(home.seen.states()), "all of it is gone", SOON_S)
    _restart_hub(home)
    until(lambda: before <= set(home.seen.states()), "all of it is back", SOON_S)
    home.wait_until_found()
    home.ring()


def test_a_handler_that_is_switched_off_disappears(home: Home):
    """The entity of its health, and what it did at the door."""
    gone = {"binary_sensor.doorbell_hub_handler_speak", "notify.front_door_say"}
    home.house.kill("speak", signal.SIGTERM)
    home.house.settings = Home.SETTINGS.replace("enabled = true", "enabled = false")
    home.house.start("speak", wait=False)
    until(lambda: not gone & set(home.seen.states()), "both are gone", SOON_S)
    home.house.settings = Home.SETTINGS
    home.house.kill("speak")
    home.house.start("speak")
    until(lambda: gone <= set(home.seen.states()), "both are back", SOON_S)


def test_a_hub_with_another_name_is_the_same_device(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Its entities keep their ids and their states, and ring."""
    home.ring()
    before, at = set(home.seen.states()), home.seen.state(BELL)
    home.house.kill("hub", signal.SIGTERM)
    monkeypatch.setenv("DOORBELL_HUB", "cottage")
    home.house.start("hub", wait=False)
    home.wait(BELL, at)
    home.wait("sensor.front_door_visit", "none")  # the state of a hub whose journal is new
    assert set(home.seen.states()) == before
    home.press_button("front_door_test_ring")
    until(
        lambda: any("/cottage/" in topic for topic, _ in home.commands("press")),
        "the command goes to it",
        SOON_S,
    )
    home.wait_ring(payloads(home.commands("press"))[-1]["id"])
    monkeypatch.delenv("DOORBELL_HUB")
    home.house.kill("hub", signal.SIGTERM)
    home.house.start("hub")
    home.wait_until_found()
    assert set(home.seen.states()) == before
