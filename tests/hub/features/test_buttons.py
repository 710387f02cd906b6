"""The buttons of a house: some that cannot be opened, and presses that the disk does not take."""

from datetime import UTC, datetime

import pytest

from config import Broker, ButtonSettings, Door, Settings
from hub.features.buttons import RETRY_S, Buttons
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from tests.hub.fakes import HUB, FakeBroker, outcomes


@pytest.fixture
def mixed(monkeypatch):
    """A house with one good button and one on a GPIO line that this machine does not have."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    gpio = Door(button=ButtonSettings(driver="gpio", pin=17))
    return Settings(broker=Broker(), doors={"front": Door(), "back": gpio})


@pytest.fixture
def reporter(state):
    """Writes into the state of this test."""
    return Reporter(Producer(state, FakeBroker().bus(), HUB))


def test_a_button_that_cannot_be_opened_does_not_stop_the_others(mixed, reporter, state):
    """Its fault names its door, and the other door rings."""
    buttons = Buttons(mixed, reporter)
    buttons.tick()
    (fault,) = buttons.faults
    assert fault.startswith("[doors.back] GPIO 17")
    assert buttons.open_doors == ["front"]
    buttons._buttons["front"].press()
    assert [kind for kind, _ in outcomes(state)] == ["doorbell.pressed"]
    buttons.close()


def test_a_button_that_cannot_be_opened_is_tried_again(mixed, reporter):
    """Every RETRY_S seconds and not more often; when it opens its fault is gone."""
    now_s = 0.0
    buttons = Buttons(mixed, reporter, seconds=lambda: now_s)
    buttons.tick()
    mixed.doors["back"] = Door()  # as if the line were free now
    now_s = RETRY_S - 1
    buttons.tick()
    assert buttons.open_doors == ["front"]
    now_s = RETRY_S
    buttons.tick()
    assert buttons.open_doors == ["front", "back"]
    assert buttons.faults == []
    buttons.close()


def test_a_press_that_cannot_be_written_is_kept_until_it_can(reporter, state):
    """A full disk delays a press; it does not lose it."""
    buttons = Buttons(Settings(), reporter)
    buttons.tick()
    with state.read() as db:
        db.execute("PRAGMA max_page_count = 1")
        for _ in range(40):
            buttons._buttons["front"].press()
        written = db.execute("SELECT COUNT(*) FROM journal").fetchone()[0]
        db.execute("PRAGMA max_page_count = 100000")
    assert written < 40
    reporter.settle()
    assert len(outcomes(state)) == 40
    buttons.close()


def test_what_a_button_means_is_said_once_each(reporter, state):
    """A pair is a press and a double press; a stuck button is one event, a fault while it is."""
    settings = Settings(doors={"front": Door(name="Front door", button=ButtonSettings(double_s=5))})
    buttons = Buttons(settings, reporter)
    buttons.tick()
    for _ in range(3):
        buttons._buttons["front"].press()
    buttons._classified("front", "stuck", datetime.now(UTC), 60.0)
    assert buttons.faults == [
        "[doors.front.button] is stuck, or its wires touch: it has been held all the time"
    ]
    buttons._classified("front", "released", datetime.now(UTC), 61.0)
    assert buttons.faults == []
    pressed, double = "doorbell.pressed", "doorbell.double_pressed"
    assert [kind for kind, _ in outcomes(state)] == [pressed, double, pressed, "doorbell.stuck"]
    buttons.close()


def test_a_simulated_button_knows_pairs(reporter, state):
    """Whoever tries `double_s` without hardware presses Enter twice."""
    settings = Settings(doors={"front": Door(name="Front door", button=ButtonSettings(double_s=5))})
    buttons = Buttons(settings, reporter)
    buttons.tick()
    for door in ("front", "front", "cellar"):
        buttons._press_by_hand(door)
    kinds = [kind for kind, _ in outcomes(state)]
    assert kinds == ["doorbell.pressed", "doorbell.double_pressed"]
    buttons.close()


def test_enter_presses_a_button_of_another_kind_as_a_command_does(mixed, reporter, state):
    """The button itself was not pressed, and its event does not say so."""
    buttons = Buttons(mixed, reporter)
    buttons.tick()
    buttons._press_by_hand("back")
    assert [(kind, data["via"]) for kind, data in outcomes(state)] == [
        ("doorbell.pressed", "command")
    ]
    buttons.close()
