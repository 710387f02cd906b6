"""Whatever ends or comes back: a press rings once, and nothing rings by itself."""

import signal
from datetime import UTC, datetime

import pytest

from tests.homeassistant.home import BELL, SOON_S, Home
from tests.house import until
from tests.wire import PUBACK, without


def _wait_for_a_reconnect(home: Home) -> None:
    """Until Home Assistant shows the house again, and is told of a new press."""
    home.wait_until_found()
    home.wait("binary_sensor.doorbell_hub_connected", "on")
    home.ring()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_home_assistant_rings_nothing(home: Home, how: signal.Signals):
    """The last ring, and the picture that the broker keeps, are of the past."""
    press = home.ring()
    rings = home.rings()
    home.restart_home_assistant(how)
    if how is signal.SIGTERM:  # killed, it forgets the last minutes
        assert home.attribute(BELL, "id") == press
    assert home.rings() == rings
    _wait_for_a_reconnect(home)
    assert len(home.rings()) == len(rings) + len(home.automations)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_the_hub_rings_nothing(home: Home, how: signal.Signals):
    """It shows as unavailable within seconds, and as back; the journal publishes nothing anew."""
    press = home.ring()
    home.house.kill("hub", how)
    for entity in (BELL, "switch.doorbell_hub_quiet", "image.front_door_picture"):
        home.wait(entity, "unavailable")
    home.wait("binary_sensor.doorbell_hub_connected", "off")
    home.house.start("hub")
    home.wait(BELL, lambda state: state != "unavailable")
    _wait_for_a_reconnect(home)
    home.must_have_rung_once(press)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_the_broker_rings_nothing(home: Home, how: signal.Signals):
    """The broker forgets what it retained: all of it is announced again."""
    press = home.ring()
    home.broker.stop(how)
    home.wait(BELL, "unavailable")
    home.broker.start()
    home.wait(BELL, lambda state: state != "unavailable")
    _wait_for_a_reconnect(home)
    home.must_have_rung_once(press)


def test_a_broker_killed_before_its_acknowledgement_rings_once(home: Home):
    """The press was passed on, and is published again: Home Assistant has shown its id."""
    home.wire.edit = without(PUBACK)
    press = home.house.press()
    home.wait_ring(press)
    home.broker.stop(signal.SIGKILL)
    home.wire.edit = lambda packet: packet
    before = _times_published(home, press)
    home.broker.start()
    until(lambda: _times_published(home, press) > before, "it is published again", SOON_S)
    _wait_for_a_reconnect(home)
    home.must_have_rung_once(press)


def test_a_hub_killed_before_the_acknowledgement_rings_once(home: Home):
    """It publishes the press again; the Bell, which was unavailable meanwhile, knows its id."""
    home.wire.edit = without(PUBACK)
    press = home.house.press()
    home.wait_ring(press)
    home.house.kill("hub")
    home.wait(BELL, "unavailable")
    home.wire.edit = lambda packet: packet
    before = _times_published(home, press)
    home.house.start("hub")
    until(lambda: _times_published(home, press) > before, "it is published again", SOON_S)
    _wait_for_a_reconnect(home)
    home.must_have_rung_once(press)


def _times_published(home: Home, press: str) -> int:
    return sum(
        topic == "doorbell/hub/home/event/doorbell/pressed/front" and press.encode() in load
        for topic, load, _ in home.house.ears.heard
    )


def test_a_press_while_home_assistant_restarts_rings_when_it_is_back(home: Home):
    """It is not older than a minute, and nobody has heard it."""
    home.ring()
    home.stop_home_assistant(signal.SIGKILL)
    press = home.house.press()
    home.start_home_assistant()
    until(lambda: home.attribute(BELL, "id") == press, "it rings", SOON_S)
    _wait_for_a_reconnect(home)
    # The automations may start after the entity.
    assert len(home.rings(press)) <= len(home.automations)


def test_a_press_of_a_short_outage_rings_once(home: Home):
    """The hub is back before Home Assistant has subscribed: it repeats what may not be heard."""
    home.ring()
    home.broker.stop(signal.SIGKILL)
    home.house.kill("hub")
    press = home.journal_press()
    home.house.start("hub", wait=False)
    home.broker.start()
    home.wait_ring(press.id)
    _wait_for_a_reconnect(home)
    home.must_have_rung_once(press.id)


def test_an_outage_of_an_hour_with_three_presses_rings_nothing(home: Home):
    """The door names them; none of them rings, neither now nor at a restart."""
    last = home.ring()
    rings = home.rings()
    home.house.kill("hub", signal.SIGTERM)
    presses = [home.journal_press(minutes) for minutes in (60, 40, 20)]
    home.house.start("hub")
    wanted = [f"{press.time:%Y-%m-%dT%H:%M:%SZ}" for press in presses]
    until(
        lambda: (home.attribute("sensor.front_door_missed_ring", "times") or [])[-3:] == wanted,
        lambda: f"{wanted}: {home.seen.attributes('sensor.front_door_missed_ring')}",
        SOON_S,
    )
    until(
        lambda: len(home.house.ears.events("doorbell.pressed")) >= 4, "they are published", SOON_S
    )
    assert home.attribute(BELL, "id") == last
    assert home.rings() == rings
    _wait_for_a_reconnect(home)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    home.wait("sensor.front_door_last_visitor", lambda state: state.startswith(now))
