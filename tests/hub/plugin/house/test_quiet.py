"""Quiet: by the clock, by command, and what a handler hears of it."""

import time as clock
from datetime import UTC, datetime, time, timedelta

import pytest
from tzlocal import reload_localzone

from config import Quiet as Hours
from config import Settings
from hub.plugin.house.quiet import Quiet
from hub.wire.codec import BadMessage
from hub.wire.retained.quiet import QuietState, by_schedule
from tests import forked
from tests.house import House, until
from tests.hub.fakes import HOUSE, FakeBroker

NIGHT = Hours(begin=time(22), end=time(7))
STATE = HOUSE.quiet("doorbell/hub/home")
COMMAND = HOUSE.command("doorbell/cli/1", "quiet", "home")


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
    """From the first minute to the second time, over midnight when that is the earlier one."""
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
        b'{"why": "off", "until": null}',
        b"[" * 9999,
    ],
)
def test_what_is_no_state_is_no_state(payload):
    """Whatever lies on that topic."""
    with pytest.raises(BadMessage):
        QuietState.decode(payload)


def test_a_state_comes_back_as_it_was_said():
    """Encoded and decoded."""
    state = QuietState(
        quiet=True, why="command", until=datetime(2026, 11, 23, 22, tzinfo=UTC), command="x"
    )
    assert QuietState.decode(state.encode()) == state


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
    asleep = Ear(
        Hours(begin=(now - timedelta(hours=1)).time(), end=(now + timedelta(hours=1)).time())
    )
    assert asleep.quiet.reason().startswith("quiet hours until ")
    assert Ear(Hours()).quiet.reason() is None
    asleep.told(quiet=False, why="command")
    assert asleep.quiet.reason() is None


def test_the_hub_knows_the_hours_better():
    """Ours may be older than its own; when what it said is over and it says no more, ours count."""
    now = datetime.now(UTC)
    ear = Ear(Hours())
    ear.told(quiet=True, why="schedule", until=now + timedelta(hours=1))
    assert ear.quiet.reason().startswith("quiet hours until ")
    ear.told(quiet=True, why="schedule", until=now - timedelta(seconds=1))
    assert ear.quiet.reason() is None


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
    return forked.run("hub.cli.main", *words, "--config", house.config)


def test_a_whole_house_is_quiet_on_command(house: House):
    """Real processes, a real broker: a handler that starts later obeys a command, until its end."""
    house.write_handler(
        "horn", "reason = quiet.reason()\nif reason:\n    return reason\ndone(event)"
    )
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
    until(
        lambda: silent not in house.effects("horn") and loud in house.effects("horn"),
        lambda: house.log("horn"),
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("quiet", "on", "--for", "soon"), "not a duration. Write"),
        (("quiet", "auto", "--for", "1h"), "--for goes with on or off"),
    ],
)
def test_a_command_that_cannot_be_meant_is_told(mosquitto, tmp_path, words, told):
    """Before anybody is asked."""
    with House(tmp_path / "house", mosquitto) as house:
        done = _doorbell(house, *words)
        assert (done.returncode, told in " ".join(done.stderr.replace("│", "").split())) == (
            2,
            True,
        ), done.stderr
