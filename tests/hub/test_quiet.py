"""Quiet: by the clock, by what somebody wished, and what a handler hears of it."""

import json
import subprocess
import sys
import threading
import time as clock
from datetime import UTC, datetime, time, timedelta

import pytest
from tzlocal import reload_localzone

from config import Quiet as Hours
from config import Settings
from hub import topics
from hub.quiet import Quiet, QuietState, by_schedule, decode
from hub.quiet_keeper import QuietKeeper
from tests.house import ROOT, House, until
from tests.hub.fakes import FakeBroker

NIGHT = Hours(begin=time(22), end=time(7))
STATE = topics.quiet("doorbell/hub/home")
WISH = topics.quiet_wish("doorbell/cli/1", "home")


def _read_zone():
    """For the C library, and for what APScheduler asks, which remembers the first answer."""
    clock.tzset()
    reload_localzone()


@pytest.fixture
def berlin(monkeypatch):
    """A machine in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    _read_zone()
    yield
    monkeypatch.undo()
    _read_zone()


def _at(text):
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("begin", "end", "now", "quiet"),
    [
        ("13:00", "15:00", "12:59", False),
        ("13:00", "15:00", "13:00", True),
        ("13:00", "15:00", "14:59", True),
        ("13:00", "15:00", "15:00", False),
        ("22:00", "07:00", "21:59", False),
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "23:59", True),
        ("22:00", "07:00", "00:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("22:00", "07:00", "12:00", False),
        ("07:00", "07:00", "07:00", False),
        (None, None, "03:00", False),
    ],
)
def test_quiet_hours_may_go_over_midnight(begin, end, now, quiet):
    """From the first minute on, until the second time, and over midnight when that is the earlier one."""
    hours = Hours.model_validate({} if begin is None else {"begin": begin, "end": end})
    state = by_schedule(hours, _at(f"2026-11-23T{now}"))
    assert (state.quiet, state.why) == (quiet, "schedule" if quiet else "off")


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-23T23:00", "2026-11-24T06:00Z"),
        ("2026-11-24T03:00", "2026-11-24T06:00Z"),
        ("2026-11-24T12:00", "2026-11-24T21:00Z"),
        ("2026-03-28T23:00", "2026-03-29T05:00Z"),  # summer time begins in that night
        ("2026-10-24T23:00", "2026-10-25T06:00Z"),  # and ends in that one
    ],
)
def test_it_is_told_until_when(berlin, now, ends):
    """The next boundary by the local clock, also in the nights of 23 and 25 hours."""
    assert by_schedule(NIGHT, _at(now)).until == datetime.fromisoformat(ends)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"on",
        b"[]",
        b"1",
        b'{"quiet": 1, "why": "off", "until": null}',
        b'{"quiet": true, "why": "x", "until": null}',
        b'{"quiet": true, "why": "off", "until": "never"}',
        b'{"quiet": true, "why": "off"}',
        b"[" * 9999,
    ],
)
def test_what_is_no_state_is_no_state(payload):
    """Whatever lies on that topic."""
    assert decode(payload) is None


def test_a_state_comes_back_as_it_was_said():
    """Encoded and decoded."""
    state = QuietState(quiet=True, why="command", until=datetime(2026, 11, 23, 22, tzinfo=UTC), wish="x")
    assert decode(state.encode()) == state


class Keeper:
    """A hub's keeper on a broker in memory, with a clock in hand."""

    def __init__(self, states, hours):
        self.net = FakeBroker()
        self.state = states("hub-quiet")
        self.settings = Settings(quiet=hours)
        self.start()

    def start(self):
        self.bus = self.net.bus()
        self.keeper = QuietKeeper(self.settings, self.state, self.bus)
        self.keeper.tick()

    def wish(self, payload, *, retained=False):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.bus.hear(WISH, text.encode(), retained=retained)

    def pass_s(self, seconds):
        self.state.clock.passed_s += seconds
        self.keeper.tick()

    @property
    def said(self):
        return [decode(payload) for topic, payload in self.net.heard if topic == STATE]

    @property
    def now(self):
        return self.said[-1].quiet, self.said[-1].why


@pytest.fixture
def keeper(states):
    return Keeper(states, Hours())


def test_a_wish_counts_until_its_time_is_over(keeper):
    """Then the clock decides again; each change is said once, retained."""
    assert keeper.now == (False, "off")
    keeper.wish({"id": "w1", "quiet": True, "for_s": 3600})
    assert keeper.now == (True, "command")
    assert keeper.said[-1].wish == "w1"
    said = len(keeper.said)
    for _ in range(5):
        keeper.pass_s(600)
    assert len(keeper.said) == said
    keeper.pass_s(601)
    assert keeper.now == (False, "off")
    assert keeper.bus.retained == [STATE] * len(keeper.said)


def test_a_wish_that_comes_twice_ends_at_its_time(keeper):
    """The command line repeats itself until it is heard; the second one does not begin anew, nor over a restart."""
    keeper.wish({"id": "w1", "quiet": True, "for_s": 3600})
    keeper.pass_s(1800)
    keeper.wish({"id": "w1", "quiet": True, "for_s": 3600})
    keeper.start()
    keeper.wish({"id": "w1", "quiet": True, "for_s": 3600})
    assert (keeper.now, keeper.said[-1].wish) == ((True, "command"), "w1")
    keeper.pass_s(1801)
    assert keeper.now == (False, "off")
    keeper.wish({"id": "w1", "quiet": True, "for_s": 3600})
    assert keeper.now == (True, "command")


def test_a_wish_that_is_over_does_not_come_back(keeper):
    """Neither with a clock that is set back, nor with a reboot."""
    keeper.wish({"quiet": True, "for_s": 60})
    keeper.pass_s(61)
    keeper.state.clock.reboot()
    keeper.state.clock.ahead_s = -86_400
    keeper.start()
    assert keeper.now == (False, "off")


def test_whoever_waits_for_a_wish_is_told_what_came_of_it(keeper):
    """A look at the clock while it is being written down never pairs its id with what was before it."""
    keep = keeper.keeper._memory
    slow = type(keep).__setitem__

    class Slow(type(keep)):
        def __setitem__(self, key, value):
            looking = threading.Thread(target=keeper.keeper.tick)
            looking.start()
            looking.join(0.05)
            slow(self, key, value)
            looking_at.append(looking)

    looking_at = []
    keeper.keeper._memory = Slow(keeper.state)
    keeper.wish({"id": "w1", "quiet": True, "for_s": 60})
    looking_at[0].join()
    assert [state.quiet for state in keeper.said if state.wish == "w1"][:1] == [True]
    assert keeper.now == (True, "command")


def test_plain_words_are_wishes_too(keeper):
    """For a switch that knows no JSON; `auto` is as the settings say."""
    keeper.wish("ON")
    assert keeper.now == (True, "command")
    keeper.wish("off")
    assert keeper.now == (False, "command")
    keeper.wish("auto")
    assert keeper.now == (False, "off")


@pytest.mark.parametrize(
    "wish",
    ["", "louder", "[]", "{}", {"quiet": "yes"}, {"quiet": True, "for_s": -1}, {"quiet": True, "for_s": "2h"},
     {"quiet": True, "for_s": True}, {"quiet": True, "for_s": 1e99}, {"quiet": True, "id": 7}, "[" * 9999],
)  # fmt: skip
def test_what_is_no_wish_changes_nothing(keeper, wish):
    """And does not end the hub's connection."""
    keeper.wish(wish)
    assert keeper.now == (False, "off")


def test_a_retained_wish_is_none(keeper):
    """It would come again with each reconnection."""
    keeper.wish("on", retained=True)
    assert keeper.now == (False, "off")


def test_a_wish_outlives_the_hub(keeper):
    """Its process, and a reboot; and nobody's wrong clock makes it longer."""
    keeper.wish({"quiet": True, "for_s": 3600})
    keeper.start()
    assert keeper.now == (True, "command")
    keeper.state.clock.reboot()
    keeper.state.clock.ahead_s = -86_400 * 365
    keeper.start()
    assert keeper.now == (True, "command")
    assert keeper.keeper.state().until - keeper.state.clock.utc() <= timedelta(seconds=3600)
    keeper.state.clock.ahead_s = 0
    keeper.pass_s(3601)
    assert keeper.now == (False, "off")


def test_a_broker_that_forgot_is_told_again(keeper):
    """With each connection, because brokers lose what they retain."""
    before = len(keeper.said)
    keeper.bus.connect()
    assert len(keeper.said) == before + 1


class Ear:
    """A handler's side."""

    def __init__(self, hours):
        self.net = FakeBroker()
        self.bus = self.net.bus()
        self.quiet = Quiet()
        self.quiet.attach(Settings(quiet=hours), self.bus)

    def told(self, **state):
        self.bus.hear(STATE, QuietState(**state).encode(), retained=True)


def test_a_handler_goes_by_the_settings_until_it_is_told():
    """A hub that is off does not wake the child."""
    now = datetime.now().astimezone()
    asleep = Ear(Hours(begin=(now - timedelta(hours=1)).time(), end=(now + timedelta(hours=1)).time()))
    assert asleep.quiet.reason().startswith("quiet hours until ")
    assert Ear(Hours()).quiet.reason() is None
    asleep.told(quiet=False, why="command")
    assert asleep.quiet.reason() is None


def test_what_somebody_said_ends_in_time():
    """Also when nobody says so."""
    ear, soon = Ear(Hours()), datetime.now(UTC) + timedelta(hours=1)
    ear.told(quiet=True, why="command", until=soon)
    assert ear.quiet.reason() == f"quiet by command until {soon.astimezone():%H:%M}"
    ear.told(quiet=True, why="command", until=datetime.now(UTC) - timedelta(seconds=1))
    assert ear.quiet.reason() is None
    ear.told(quiet=True, why="command")
    assert ear.quiet.reason() == "quiet by command"


def test_a_lie_on_the_topic_changes_nothing():
    """What cannot be read leaves what was said."""
    ear = Ear(Hours())
    ear.told(quiet=True, why="command")
    ear.bus.hear(STATE, b"nonsense", retained=True)
    assert ear.quiet.reason() == "quiet by command"


def _doorbell(house, *words):
    command = [sys.executable, "-m", "hub.cli", *words, "--config", str(house.config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_whole_house_is_quiet_on_command(house: House):
    """Real processes, a real broker: commanded, obeyed by a handler that started later, ended, and told."""
    house.write_handler("horn", "reason = quiet.reason()\nif reason:\n    return reason\ndone(event)")
    house.start("hub")
    assert _doorbell(house, "quiet").stdout == "no quiet hours now\n"
    on = _doorbell(house, "quiet", "on", "--for", "2h")
    assert (on.returncode, on.stdout.startswith("quiet by command until ")) == (0, True), on.stderr
    house.start("horn")
    silent = house.press()
    house.wait_outcome(silent, "horn")
    house.kill("hub")
    house.start("hub")
    assert _doorbell(house, "quiet").stdout == on.stdout
    assert _doorbell(house, "quiet", "auto").stdout == "no quiet hours now\n"
    until(lambda: house.ears.messages(STATE)[-1]["why"] == "off", "it is said")
    loud = house.press()
    house.wait_outcome(loud, "horn")
    until(lambda: silent not in house.effects("horn") and loud in house.effects("horn"), lambda: house.log("horn"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("quiet", "on", "--for", "soon"), "no time. Write"),
        (("quiet", "auto", "--for", "1h"), "--for goes with on or off"),
    ],
)
def test_a_command_that_cannot_be_meant_is_told(mosquitto, tmp_path, words, told):
    """Before anybody is asked."""
    with House(tmp_path / "house", mosquitto) as house:
        done = _doorbell(house, *words)
        assert (done.returncode, told in " ".join(done.stderr.replace("│", "").split())) == (2, True), done.stderr
