"""The hub's own chime: it rings only when no handler reacts."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub.features.chime import Chime
from hub.producer.reporter import Report, Reporter
from hub.store.state import StateError
from hub.wire.event import decode, encode
from tests.house import House, until
from tests.hub.fakes import HOUSE, FakeBroker, Producer, journaled


class Porch:
    """A hub with a chime that counts its rings, and a clock that the test sets."""

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
        self.chime._output = self

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
        self.bus.hear(HOUSE.of_event(event), encode(event))

    def before_report(self, call):
        """Call it with a press that is published and not reported yet."""
        self.bus.broker.fate = lambda _, payload: call(decode(payload)) or 1

    def pass_s(self, seconds):
        self.s += seconds
        self.chime.tick()


@pytest.fixture
def porch(states, tmp_path):
    return Porch(states, tmp_path)


def test_it_rings_once_when_nothing_reacts(porch):
    """After `after_s`, and once for presses that waited together."""
    porch.press()
    porch.press()
    porch.pass_s(2.9)
    assert porch.strikes == 0
    porch.pass_s(0.2)
    porch.pass_s(60)
    assert porch.strikes == 1


def test_a_reaction_keeps_it_silent(porch):
    """One that people notice: neither a failure counts, nor a handler that keeps records."""
    porch.react("bark", porch.press())
    porch.pass_s(10)
    assert porch.strikes == 0
    press = porch.press()
    porch.react("log", press)
    porch.react("notify", press, "handler.retried")
    porch.pass_s(10)
    assert porch.strikes == 1


@pytest.mark.parametrize(("name", "strikes"), [("bark", 0), ("log", 1)])
def test_a_reaction_that_is_faster_than_the_hub_keeps_it_silent(porch, name, strikes):
    """The press is published before the hub goes on, and on a busy machine a handler is done."""
    porch.before_report(lambda press: porch.react(name, press))
    porch.press()
    porch.pass_s(10)
    assert porch.strikes == strikes


def test_without_a_broker_it_does_not_wait(porch):
    """No handler can have received the press."""
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


@pytest.fixture
def full_disk(porch, monkeypatch):
    """Refuses each press until it is called."""

    def refuse(*_, **__):
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(porch.producer, "publish", refuse)
        yield patch.undo


def test_a_press_that_cannot_be_written_down_rings_too(porch, full_disk):
    """In time, however often the disk refuses it; and not again when it is written down."""
    porch.press()
    for _ in range(4):
        porch.reporter.settle()
        porch.pass_s(1)
    assert porch.strikes == 1
    full_disk()
    porch.reporter.settle()
    porch.pass_s(10)
    porch.press(ago_s=60)
    porch.pass_s(10)
    assert porch.strikes == 1


def test_a_press_that_cannot_be_written_down_rings_once_without_a_broker(porch, full_disk):
    """It rang every second, as often as the disk refused it."""
    porch.bus.connected.clear()
    porch.press()
    for _ in range(4):
        porch.reporter.settle()
        porch.pass_s(1)
    full_disk()
    porch.reporter.settle()
    porch.pass_s(1)
    assert porch.strikes == 1


@pytest.mark.parametrize(("name", "strikes"), [("bark", 0), ("log", 1)])
def test_a_press_that_is_written_down_in_time_may_have_a_reaction(porch, full_disk, name, strikes):
    """It is one press, also for the chime, and the reaction may come before the hub goes on."""
    porch.press()
    porch.pass_s(1)
    full_disk()
    porch.before_report(lambda press: porch.react(name, press))
    porch.reporter.settle()
    porch.pass_s(2.1)
    porch.pass_s(10)
    assert porch.strikes == strikes


def test_a_missing_sound_file_is_a_fault(states, tmp_path):
    """It is in the hub's status, and the hub runs on."""
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
    """A real hub, whose broker is killed, plays the sound on its simulated sound card."""
    house.settings = '[chime]\nspeaker = "simulated"\nafter_s = 0.5\n'
    house.start("hub", doom="-")
    house.broker.stop(signal.SIGKILL)
    house.ring()
    heard = house.state_dir / "heard"
    until(lambda: heard.is_dir() and list(heard.glob("*.wav")), lambda: house.log("hub"))


def test_the_second_press_of_a_pair_needs_no_reaction_of_its_own(porch):
    """People heard the first one; only handlers that keep records react to the pair."""
    porch.react("bark", porch.press())
    porch.press(kind="doorbell.double_pressed")
    porch.pass_s(60)
    assert porch.strikes == 0
