"""The hub's process with buttons that cannot be had and a disk that takes nothing."""

from datetime import UTC, datetime

import pytest

from config import Broker, Settings
from config.model import ButtonSettings, Door
from hub.daemon import Hub
from hub.features.quiet import QuietKeeper
from hub.producer.producer import Producer
from hub.store.database import State
from tests.house import House, until
from tests.hub.fakes import FakeBroker


@pytest.fixture
def mixed(monkeypatch):
    """A house with one good button and one on a GPIO line that this machine does not have."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    gpio = Door(button=ButtonSettings(driver="gpio", pin=17))
    return Settings(broker=Broker(), doors={"front": Door(), "back": gpio})


def test_a_button_that_cannot_be_had_does_not_take_the_others_along(mixed, tmp_path):
    """Its fault is told with its door, and the other door rings."""
    state = State(tmp_path / "hub.db")
    bus = FakeBroker().bus()
    hub = Hub(mixed, Producer(state, bus, "doorbell/hub/home"), bus, QuietKeeper(mixed, state, bus))
    (fault,) = hub.open_buttons()
    assert fault.startswith("[doors.back] GPIO 17")
    hub._buttons["front"].press()
    with state.read() as db:
        assert db.execute("SELECT type FROM journal").fetchall() == [("doorbell.pressed",)]
    hub.close()
    state.close()


def test_a_press_that_cannot_be_written_is_kept_until_it_can(tmp_path):
    """A full disk delays a press; it does not lose it."""
    state = State(tmp_path / "hub.db")
    bus = FakeBroker().bus()
    hub = Hub(
        Settings(),
        Producer(state, bus, "doorbell/hub/home"),
        bus,
        QuietKeeper(Settings(), state, bus),
    )
    hub.open_buttons()
    with state.read() as db:
        db.execute("PRAGMA max_page_count = 1")
        for _ in range(40):
            hub._buttons["front"].press()
        written = db.execute("SELECT COUNT(*) FROM journal").fetchone()[0]
        db.execute("PRAGMA max_page_count = 100000")
    assert written < 40
    hub.settle()
    with state.read() as db:
        assert db.execute("SELECT COUNT(*) FROM journal").fetchone()[0] == 40
    hub.close()
    state.close()


def test_a_hub_without_any_button_still_rings_from_afar(house: House, monkeypatch):
    """It says `failed` with the reason, stays, and does what it can."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    house.settings = 'button = { driver = "gpio", pin = 17 }\n'
    house.write_handler("one", "done(event)")
    house.start("hub", wait=False)
    house.start("one")
    (status,) = until(lambda: house.statuses("hub", "failed"), lambda: house.log("hub"))[:1]
    assert status["reason"].startswith("[doors.front] GPIO 17")
    press = house.press()
    house.wait_outcome(press, "one")
    assert house.effects("one") == [press]


def test_what_a_button_means_is_said_once_each(tmp_path):
    """A pair is a press and a double press; a stuck button is an event once, and a fault until it is free."""
    state, bus = State(tmp_path / "hub.db"), FakeBroker().bus()
    settings = Settings(doors={"front": Door(name="Front door", button=ButtonSettings(double_s=5))})
    hub = Hub(
        settings, Producer(state, bus, "doorbell/hub/home"), bus, QuietKeeper(settings, state, bus)
    )
    hub.open_buttons()
    for _ in range(3):
        hub._buttons["front"].press()
    hub._say_more("front", "stuck", datetime.now(UTC), 60.0)
    assert hub.stuck == [
        "[doors.front.button] is stuck, or its wires touch: it has been held all the time"
    ]
    hub._say_more("front", "released", datetime.now(UTC), 61.0)
    assert hub.stuck == []
    with state.read() as db:
        said = [kind for (kind,) in db.execute("SELECT type FROM journal ORDER BY position")]
    pressed, double = "doorbell.pressed", "doorbell.double_pressed"
    assert said == [pressed, double, pressed, "doorbell.stuck"]
    hub.close()
    state.close()
