"""The buttons. gpiozero's own mock drives the pins, and each press arrives in a queue."""

import time
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue

import pytest

from devices.button import ButtonError, GpioButton, PressClassifier, SimulatedButton
from tests.forked import PATIENCE_S
from tests.house import until


class _Bell:
    """A button on pin 17, and the presses that it reported."""

    def __init__(self, pins, pull="up", min_press_s=0.02):
        self.pin = pins.pin(17)
        self.presses: SimpleQueue[datetime] = SimpleQueue()
        self.down, self.up = (
            (self.pin.drive_low, self.pin.drive_high)
            if pull == "up"
            else (self.pin.drive_high, self.pin.drive_low)
        )
        self.button = GpioButton(17, pull=pull, min_press_s=min_press_s, debounce_s=0)

    def listen(self):
        self.button.listen(self.presses.put)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.button.close()


@pytest.mark.parametrize("pull", ["up", "down"])
def test_a_press_is_reported_with_the_time_at_which_it_began(pins, pull):
    """The time of a press is that of its first stable edge, in UTC, and not when it was certain."""
    with _Bell(pins, pull, min_press_s=0.3).listen() as bell:
        before = datetime.now(UTC)
        bell.down()
        after = datetime.now(UTC)
        at = bell.presses.get(timeout=PATIENCE_S)
        assert datetime.now(UTC) - before >= timedelta(seconds=0.29)
    slack = timedelta(milliseconds=20)
    assert before - slack <= at <= after + slack
    assert at.utcoffset() == timedelta(0)


def test_a_press_is_reported_once_however_long_it_is_held(pins):
    """Holding and releasing the button ring no second time; another press does."""
    with _Bell(pins).listen() as bell:
        bell.down()
        first = bell.presses.get(timeout=PATIENCE_S)
        bell.up()
        let_go = datetime.now(UTC)
        bell.down()
        second = bell.presses.get(timeout=PATIENCE_S)
    assert first < let_go <= second + timedelta(milliseconds=20)
    assert bell.presses.empty()


def test_a_glitch_does_not_ring(pins):
    """A pulse shorter than the minimum is not reported; the press after it is."""
    with _Bell(pins, min_press_s=0.2).listen() as bell:
        for _ in range(20):
            bell.down()
            bell.up()
        glitches_over = datetime.now(UTC)
        bell.down()
        assert bell.presses.get(timeout=PATIENCE_S) >= glitches_over - timedelta(milliseconds=20)
    assert bell.presses.empty()


def test_a_button_held_while_we_start_does_not_ring(pins):
    """Only an edge that was seen is a press: a restart during a press does not ring again."""
    with _Bell(pins) as bell:
        bell.down()
        bell.listen()
        bell.up()
        started = datetime.now(UTC)
        bell.down()
        assert bell.presses.get(timeout=PATIENCE_S) >= started - timedelta(milliseconds=20)
    assert bell.presses.empty()


def test_a_closed_button_releases_its_pin(pins):
    """After `close` nothing rings, and the pin can be opened again."""
    with _Bell(pins).listen() as bell:
        pass
    bell.down()
    with pytest.raises(Empty):
        bell.presses.get(timeout=0.1)
    GpioButton(17).close()


def test_the_error_for_a_pin_in_use_names_the_pin(pins):
    """A person who wires two things to one pin reads which pin it is and what to check."""
    with (
        _Bell(pins),
        pytest.raises(
            ButtonError, match=r"^GPIO 17 cannot be used: .* Is another program using it"
        ),
    ):
        GpioButton(17)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failed_report_does_not_silence_the_button(pins):
    """If a press cannot be recorded, the next one is still reported."""
    told: SimpleQueue[datetime] = SimpleQueue()
    failures = [OSError("disk full")]

    def tell(at):
        told.put(at)
        if failures:
            raise failures.pop()

    with _Bell(pins) as bell:
        bell.button.listen(tell)
        bell.down()
        told.get(timeout=PATIENCE_S)
        bell.up()
        bell.down()
        told.get(timeout=1)


def test_a_simulated_button_is_pressed_by_hand():
    """It reports each press with its time while it is open, and nothing before or after."""
    button, presses = SimulatedButton(), []
    button.press()
    button.listen(presses.append)
    before = datetime.now(UTC)
    button.press()
    button.press()
    button.close()
    button.press()
    assert len(presses) == 2
    assert before <= presses[0] <= presses[1] <= datetime.now(UTC)


class _Kinds(_Bell):
    """The same, which also collects the other kinds of presses."""

    def __init__(self, pins, *, held=False, edges=(), debounce_s=0.0, **limits):
        super().__init__(pins)
        self.button.close()
        self.more: SimpleQueue[tuple[str, float]] = SimpleQueue()
        self.button = GpioButton(
            17, min_press_s=0.01, debounce_s=debounce_s, classifier=PressClassifier(**limits)
        )
        if held:
            self.down()
        for at, level in edges:
            self.button._on_edge(at, level)
        self.button.listen(self.presses.put, lambda kind, _, held_s: self.more.put((kind, held_s)))


def test_the_second_of_two_presses_is_a_double_press(pins):
    """It replaces a press, so that each press is reported once; the third is a press again."""
    with _Kinds(pins, double_s=60) as bell:
        for _ in range(3):
            bell.down()
            until(lambda: bell.button._debouncer.phase == "pressed", "it is certain")
            bell.up()
            until(lambda: bell.button._debouncer.phase == "resting", "it is over")
        bell.presses.get(timeout=PATIENCE_S)
        assert bell.more.get(timeout=PATIENCE_S)[0] == "double_pressed"
        bell.presses.get(timeout=PATIENCE_S)
        assert bell.presses.empty()
        assert bell.more.empty()


def test_a_held_button_is_reported_as_long_and_then_as_stuck(pins):
    """The press comes at once, then long, then stuck, and then the release."""
    with _Kinds(pins, long_s=0.05, stuck_s=0.15) as bell:
        bell.down()
        bell.presses.get(timeout=PATIENCE_S)
        kinds = [bell.more.get(timeout=PATIENCE_S) for _ in range(2)]
        assert [kind for kind, _ in kinds] == ["long_pressed", "stuck"]
        assert kinds[0][1] >= 0.05
        assert kinds[1][1] >= 0.15
        assert bell.more.empty()
        bell.up()
        assert bell.more.get(timeout=PATIENCE_S)[0] == "released"


def test_a_button_held_at_the_start_is_no_press_but_may_be_stuck(pins):
    """Wires that touch since yesterday do not ring after a power cut; the next real press does."""
    with _Kinds(pins, held=True, stuck_s=0.05) as bell:
        assert bell.more.get(timeout=PATIENCE_S)[0] == "stuck"
        bell.up()
        assert bell.more.get(timeout=PATIENCE_S)[0] == "released"
        assert bell.presses.empty()
        bell.down()
        bell.presses.get(timeout=PATIENCE_S)


def test_a_button_released_in_time_is_not_long_pressed(pins):
    """The release is certain only after the debouncing: until then no limit of the hold counts.

    The button was held for 0.9 s, and 1 s was over while the line rested.
    """
    now = time.monotonic()
    edges = [(now - 1.1, 0), (now - 0.2, 1)]
    with _Kinds(pins, edges=edges, debounce_s=0.5, long_s=1) as bell:
        bell.presses.get(timeout=PATIENCE_S)
        until(lambda: bell.button._debouncer.phase == "resting", "it is over")
    assert bell.more.empty()


def test_contacts_that_bounce_in_a_hold_do_not_hide_that_it_is_long(pins):
    """The line fell shortly before the limit, and came back after it."""
    now = time.monotonic()
    edges = [(now - 1.1, 0), (now - 0.2, 1), (now, 0)]
    with _Kinds(pins, edges=edges, debounce_s=0.5, long_s=1) as bell:
        bell.presses.get(timeout=PATIENCE_S)
        assert bell.more.get(timeout=PATIENCE_S)[0] == "long_pressed"
