"""What the LED in the button tells the visitor."""

from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub.features.button_led import ANSWERED_S, MISSED_S, PATIENCE_S, ButtonLeds
from hub.producer.reporter import Report, Reporter
from hub.wire.event import encode
from tests.hub.fakes import FakeBroker, Producer, journaled


class Step:
    """A doorstep with an LED, and a clock in hand."""

    def __init__(self, states, tmp_path):
        self.states, self.net, self.s = states, FakeBroker(), 100.0
        doors = {"front": {"name": "Front door", "led": {}}, "back": {}}
        settings = Settings.model_validate({"doors": doors, "state_dir": tmp_path})
        self.bus = self.net.bus()
        self.reporter = Reporter(Producer(states("hub"), self.bus, "doorbell/hub/home"))
        self.signs = ButtonLeds(settings, self.reporter, self.bus, seconds=lambda: self.s)
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
        self.bus.hear(event.topic, encode(event))

    def pass_s(self, seconds):
        self.s += seconds
        self.signs.tick()


@pytest.fixture
def step(states, tmp_path):
    return Step(states, tmp_path)


def test_it_rings_somebody_was_told_somebody_comes(step):
    """Each in its time, and dark at the end."""
    assert step.shows == "off"
    press = step.press()
    assert step.shows == "pressed"
    step.handler("bark", "handler.done", press)
    assert step.shows == "pressed"
    step.handler("notify", "notification.sent", press)
    assert step.shows == "told"
    step.answer("snooze")
    assert step.shows == "told"
    step.answer("coming")
    assert step.shows == "answered"
    step.pass_s(ANSWERED_S + 1)
    assert step.shows == "off"


def test_nobody_answers(step):
    """The visit is missed: the visitor is told so, for as long as it blinks."""
    press = step.press()
    step.handler("visit", "visit.missed", press, visit=press.id)
    assert step.shows == "missed"
    step.pass_s(MISSED_S + 1)
    assert step.shows == "off"


def test_an_answer_to_who_has_gone_is_not_shown_to_who_waits(step):
    """Neither what the hub calls late, nor the end of an earlier visit."""
    former = step.press()
    step.handler("visit", "visit.missed", former, visit=former.id)
    step.press()
    step.answer("coming", late=True)
    step.handler("visit2", "visit.answered", former, visit=former.id)
    assert step.shows == "pressed"
    step.answer("coming", late=False)
    assert step.shows == "answered"


def test_the_second_press_of_a_pair_changes_nothing(step):
    """Only who keeps books reacts to it: the LED would say for ever that it rings."""
    press = step.press()
    step.handler("notify", "notification.sent", press)
    step.press(kind="doorbell.double_pressed")
    assert step.shows == "told"


def test_the_visit_of_several_presses_is_who_waits(step):
    """The visit is named after the first one."""
    first = step.press()
    step.press()
    step.handler("visit", "visit.answered", first, visit=first.id)
    assert step.shows == "answered"


def test_without_anybody_it_goes_dark_by_itself(step):
    """No handler has to run for that."""
    step.press()
    step.pass_s(PATIENCE_S + 1)
    assert step.shows == "off"


def test_only_this_press_at_this_door_counts(step):
    """Another door's press, an old press written down late, and the outcome of a former press show nothing."""
    former = step.press()
    step.pass_s(PATIENCE_S + 1)
    step.press("back")
    step.press(ago_s=60)
    assert step.shows == "off"
    step.press()
    step.handler("notify", "notification.sent", former)
    assert step.shows == "pressed"


def test_an_answer_without_a_visitor_shows_nothing(step):
    """The door was opened from inside."""
    step.answer("opened")
    assert step.shows == "off"


def test_a_second_press_begins_anew(step):
    """Who rings again sees that it rang."""
    press = step.press()
    step.handler("notify", "notification.sent", press)
    step.press()
    assert step.shows == "pressed"


def test_it_goes_dark_when_the_hub_ends(step):
    """Nobody shall believe that it rings."""
    step.press()
    step.signs.close()
    assert step.shows == "off"
