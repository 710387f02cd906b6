"""The hub's own chime: only when nothing else reacts."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub.features.chime import Chime
from hub.producer.reporter import Report, Reporter
from hub.store.database import StateError
from hub.wire.event import encode
from tests.house import House, until
from tests.hub.fakes import FakeBroker, Producer, journaled


class Porch:
    """A hub with a chime that is counted, and a clock in hand."""

    def __init__(self, states, tmp_path):
        self.states, self.s = states, 100.0
        settings = Settings.model_validate(
            {"chime": {"speaker": "simulated"}, "state_dir": tmp_path}
        )
        self.bus = FakeBroker().bus()
        self.producer = Producer(states("hub"), self.bus, "doorbell/hub/home")
        self.reporter = Reporter(self.producer)
        self.quiet = None
        self.chime = Chime(
            settings, self.reporter, self.bus, quiet=lambda: self.quiet, seconds=lambda: self.s
        )
        self.strikes = 0
        self.chime._gong = self

    def ring(self):
        self.strikes += 1

    def press(self, *, ago_s=0.0, kind="doorbell.pressed"):
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        return self.reporter.report(Report(kind, "front", {"name": "x", "via": "button"}, at))

    def react(self, name, press, kind="handler.done"):
        source = f"doorbell/handler/{name}"
        event = journaled(
            self.states(name), kind, source=source, cause=press, data={"handler": name}
        )
        self.bus.hear(event.topic, encode(event))

    def pass_s(self, seconds):
        self.s += seconds
        self.chime.tick()


@pytest.fixture
def porch(states, tmp_path):
    return Porch(states, tmp_path)


def test_it_strikes_once_when_nothing_reacts(porch):
    """After `after_s`, and once for presses that were waiting together."""
    porch.press()
    porch.press()
    porch.pass_s(2.9)
    assert porch.strikes == 0
    porch.pass_s(0.2)
    porch.pass_s(60)
    assert porch.strikes == 1


def test_a_reaction_keeps_it_silent(porch):
    """One that somebody notices: who only keeps books does not count, nor does a failure."""
    porch.react("bark", porch.press())
    porch.pass_s(10)
    assert porch.strikes == 0
    press = porch.press()
    porch.react("log", press)
    porch.react("notify", press, "handler.retried")
    porch.pass_s(10)
    assert porch.strikes == 1


def test_without_a_broker_it_does_not_wait(porch):
    """Nobody can have heard of it."""
    porch.bus.connected.clear()
    porch.press()
    porch.pass_s(0.1)
    assert porch.strikes == 1


def test_in_quiet_hours_it_is_silent(porch):
    """It is a noise like any other."""
    porch.quiet = "quiet hours until 07:00"
    porch.press()
    porch.pass_s(10)
    assert porch.strikes == 0


def test_a_press_that_cannot_be_written_down_sounds_too(porch, monkeypatch):
    """The disk is no reason for silence; when it is written down much later it is history."""

    def refuse(*_, **__):
        raise StateError("the disk is full")

    monkeypatch.setattr(porch.producer, "say", refuse)
    porch.press()
    porch.pass_s(10)
    assert porch.strikes == 1
    monkeypatch.undo()
    porch.press(ago_s=60)
    porch.pass_s(10)
    assert porch.strikes == 1


def test_a_sound_that_is_not_there_is_told(states, tmp_path):
    """In the hub's status, and the hub runs on."""
    settings = Settings.model_validate({"chime": {"speaker": "auto", "sound": tmp_path / "no.wav"}})
    bus = FakeBroker().bus()
    chime = Chime(
        settings,
        Reporter(Producer(states("hub"), bus, "doorbell/hub/home")),
        bus,
        quiet=lambda: None,
    )
    assert "[chime] sound: there is no file" in chime.faults[0]


def test_a_press_is_heard_although_the_broker_is_dead(house: House):
    """A real hub, a real broker that is killed, a real button: the sound is found where a simulated card leaves it."""
    house.settings = '[chime]\nspeaker = "simulated"\nafter_s = 0.5\n'
    house.start("hub", doom="-")
    house.broker.stop(signal.SIGKILL)
    house.ring()
    heard = house.state_dir / "heard"
    until(lambda: heard.is_dir() and list(heard.glob("*.wav")), lambda: house.log("hub"))


def test_the_second_press_of_a_pair_needs_no_reaction_of_its_own(porch):
    """The first one was heard; to the pair only who keeps books reacts."""
    porch.react("bark", porch.press())
    porch.press(kind="doorbell.double_pressed")
    porch.pass_s(60)
    assert porch.strikes == 0
