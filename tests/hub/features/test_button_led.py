"""What the LED in the button shows the visitor."""

from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub.features.button_led import ANSWERED_S, MISSED_S, ButtonLeds
from hub.producer.reporter import Report, Reporter
from hub.store.guest_book.rules import GRACE_S
from hub.store.state import StateError
from hub.wire.event import decode, encode
from tests.hub.fakes import HOUSE, FakeBroker, Producer, journaled

MISSED_AFTER_S = 300.0  # not the default
RULES = {"handlers": {"visit": {"missed_after_s": MISSED_AFTER_S}}}


class Step:
    """A door with an LED, and a clock that the test sets."""

    def __init__(self, states, tmp_path):
        self.states, self.net, self.s = states, FakeBroker(), 100.0
        doors = {"front": {"name": "Front door", "led": {}}, "back": {}}
        settings = Settings.model_validate({"doors": doors, "state_dir": tmp_path, **RULES})
        self.bus = self.net.bus()
        self.producer = Producer(states("hub"), self.bus, "doorbell/hub/home")
        self.reporter = Reporter(self.producer)
        self.leds = ButtonLeds(settings, self.reporter, self.bus, seconds=lambda: self.s)
        self.file = tmp_path / "led-front"

    @property
    def shows(self):
        return self.file.read_text()

    def press(self, door="front", *, ago_s=0.0, kind="doorbell.pressed"):
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        return self.reporter.report(Report(kind, door, {"name": "x", "via": "button"}, at))

    def answer(self, answer, *, late=False):
        data = {
            "name": "x",
            "answer": answer,
            "by": "",
            "via": "command",
            "press": "",
            "late": late,
        }
        self.reporter.report(Report("visitor.answered", "front", data, datetime.now(UTC)))

    def handler(self, name, kind, cause, **data):
        source = f"doorbell/handler/{name}"
        event = journaled(
            self.states(name), kind, source=source, cause=cause, data={"handler": name, **data}
        )
        self.bus.hear(HOUSE.of_event(event), encode(event))

    def pass_s(self, seconds):
        self.s += seconds
        self.leds.tick()


@pytest.fixture
def step(states, tmp_path):
    return Step(states, tmp_path)


def test_the_led_shows_each_stage_of_a_visit(step):
    """It rings, a phone has it, an answer comes; then it is dark."""
    assert step.shows == "off"
    press = step.press()
    assert step.shows == "pressed"
    step.handler("bark", "handler.done", press)
    assert step.shows == "pressed"
    step.handler("notify", "notification.sent", press)
    assert step.shows == "notified"
    step.answer("snooze")
    assert step.shows == "notified"
    step.answer("coming")
    assert step.shows == "answered"
    step.pass_s(ANSWERED_S + 1)
    assert step.shows == "off"


def test_a_notification_that_is_faster_than_the_hub_is_shown(step):
    """The press is published before the hub goes on, and on a busy machine a phone has it."""

    def notify(press):
        step.handler("notify", "notification.sent", press)

    step.bus.broker.fate = lambda _, payload: notify(decode(payload)) or 1
    step.press()
    assert step.shows == "notified"


def test_a_missed_visit_blinks(step):
    """The visitor sees that nobody answers."""
    press = step.press()
    step.handler("visit", "visit.missed", press, visit=press.id)
    assert step.shows == "missed"
    step.pass_s(MISSED_S + 1)
    assert step.shows == "off"


def test_an_answer_to_an_earlier_visitor_is_not_shown(step):
    """Neither a late answer, nor the end of an earlier visit."""
    former = step.press()
    step.handler("visit", "visit.missed", former, visit=former.id)
    step.press()
    step.answer("coming", late=True)
    step.handler("visit2", "visit.answered", former, visit=former.id)
    assert step.shows == "pressed"
    step.answer("coming", late=False)
    assert step.shows == "answered"


def test_the_second_press_of_a_pair_changes_nothing(step):
    """Only handlers that keep records react to it: the LED would blink for ever."""
    press = step.press()
    step.handler("notify", "notification.sent", press)
    step.press(kind="doorbell.double_pressed")
    assert step.shows == "notified"


def test_several_presses_are_one_visit(step):
    """It has the id of the first press."""
    first = step.press()
    step.press()
    step.handler("visit", "visit.answered", first, visit=first.id)
    assert step.shows == "answered"


def test_it_goes_dark_by_itself(step):
    """Even when no handler is running; but not before `visit` had time to say what happened."""
    step.press()
    step.pass_s(MISSED_AFTER_S + 1)
    assert step.shows == "pressed"
    step.pass_s(GRACE_S)
    assert step.shows == "off"


def test_the_second_press_of_a_pair_lengthens_the_visit(step):
    """The handler `visit` counts from the last press, of whichever kind."""
    press = step.press()
    step.pass_s(100)
    step.press(kind="doorbell.double_pressed")
    step.pass_s(MISSED_AFTER_S)
    step.handler("visit", "visit.missed", press, visit=press.id)
    assert step.shows == "missed"
    step.pass_s(MISSED_S + 1)
    step.press(kind="doorbell.double_pressed")
    assert step.shows == "off"


def test_only_this_press_at_this_door_counts(step):
    """Another door's press, a press written down late, and an earlier press show nothing."""
    former = step.press()
    step.pass_s(MISSED_AFTER_S + GRACE_S + 1)
    step.press("back")
    step.press(ago_s=60)
    assert step.shows == "off"
    step.press()
    step.handler("notify", "notification.sent", former)
    assert step.shows == "pressed"


def test_an_answer_without_a_visitor_shows_nothing(step):
    """A door contact answers when the door is opened from inside."""
    step.answer("opened")
    assert step.shows == "off"


def test_a_second_press_begins_anew(step):
    """A visitor who rings again sees that it rang."""
    press = step.press()
    step.handler("notify", "notification.sent", press)
    step.press()
    assert step.shows == "pressed"


@pytest.mark.parametrize("is_early", [True, False])
def test_a_press_that_is_written_down_later_goes_on_as_it_was_shown(step, monkeypatch, is_early):
    """It does not begin anew with each refusal of the disk, and then follows its handlers."""

    def refuse(*_, **__):
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(step.producer, "publish", refuse)
        step.press()
        step.pass_s(MISSED_AFTER_S + 1)
        step.reporter.settle()
    presses = []

    def notify(press):
        presses.append(press)
        if is_early:
            step.handler("notify", "notification.sent", press)

    step.bus.broker.fate = lambda _, payload: notify(decode(payload)) or 1
    step.reporter.settle()
    if not is_early:
        assert step.shows == "pressed"
        step.handler("notify", "notification.sent", presses[0])
    assert step.shows == "notified"
    step.pass_s(GRACE_S)
    assert step.shows == "off"


def test_a_visit_that_is_over_is_not_shown_again(step, monkeypatch):
    """Its press is written down when nobody waits any more."""

    def refuse(*_, **__):
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(step.producer, "publish", refuse)
        step.press()
        step.answer("coming")
        step.pass_s(ANSWERED_S + 1)
    step.reporter.settle()
    assert step.shows == "off"


def test_it_goes_dark_when_the_hub_ends(step):
    """Otherwise it would show that the bell rings."""
    step.press()
    step.leds.close()
    assert step.shows == "off"
