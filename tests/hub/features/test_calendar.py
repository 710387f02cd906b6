"""Events of the clock: each once, late when need be, and never by a clock without trust."""

import re
import shutil
import time as clock
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from tzlocal import reload_localzone

from config import House as Place
from config import Quiet, Settings
from config.model import ClockSettings
from hub.features.calendar import LOOK_S, Calendar
from hub.wire.event import decode
from tests import contract
from tests.house import ROOT, House, until
from tests.hub.fakes import FakeBroker, FakeClock, Producer, opened_state, ring

BERLIN = Place(latitude=52.52, longitude=13.40)


class SetClock(FakeClock):
    """A wall clock that stands still until the test sets it."""

    def __init__(self):
        super().__init__()
        self.wall = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.up_s = 5000.0

    def unix_s(self):
        return self.wall.timestamp()

    def uptime_s(self):
        return self.up_s


class Day:
    """A hub with a calendar, and a time that the test sets."""

    def __init__(self, states, **settings):
        self.net, self.state = FakeBroker(), states("hub-almanac")
        self.clock = self.state.clock = SetClock()
        self.settings = Settings(**settings)
        self.s = 0.0
        self.start()

    def start(self):
        self.bus = self.net.bus()
        self.producer = Producer(self.state, self.bus, "doorbell/hub/home")
        self.almanac = Calendar(
            self.settings, self.state, self.producer, self.bus, seconds=lambda: self.s
        )

    def at(self, text):
        """Set the local time, and let the calendar tick."""
        self.clock.wall = datetime.fromisoformat(text).astimezone(UTC)
        self.s += LOOK_S
        self.almanac.tick()

    @property
    def published(self):
        events = {event.id: event for kind in KINDS for event in self.net.events(kind)}
        return [
            (event.type.removeprefix("clock."), event.time, event.data) for event in events.values()
        ]

    @property
    def names(self):
        return [name for name, _, _ in self.published]


KINDS = [
    f"clock.{name}"
    for name in ("sunrise", "sunset", "quiet_began", "quiet_ended", "day_ended", "tea")
]


def _read_zone():
    """For the C library, and for APScheduler, which keeps the first zone that it finds."""
    clock.tzset()
    reload_localzone()


@pytest.fixture(autouse=True)
def _berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    _read_zone()
    yield
    monkeypatch.undo()
    _read_zone()


@pytest.fixture
def tea(states):
    """A house with an event at five."""
    return Day(states, clock=ClockSettings(at={"tea": time(17)}))


def test_a_time_comes_once_a_day(tea):
    """At that time, not before and not again; the next day again."""
    for text in ("16:59:59", "17:00:00", "17:00:02", "17:30", "19:59", "23:00"):
        tea.at(f"2026-11-23T{text}")
    assert tea.published == [("tea", datetime(2026, 11, 23, 16, tzinfo=UTC), {"late_s": 0})]
    tea.at("2026-11-24T17:00:01")
    assert tea.names == ["tea", "tea"]


def test_a_restart_publishes_nothing_again(tea):
    """The journal knows the event, even if the process does not."""
    tea.at("2026-11-23T17:00:00")
    tea.start()
    tea.at("2026-11-23T17:00:04")
    assert tea.names == ["tea"]


def test_an_event_during_a_time_off_comes_late_but_not_too_late(tea):
    """It has the time at which it was due."""
    tea.at("2026-11-23T19:30:00")
    assert tea.published == [("tea", datetime(2026, 11, 23, 16, tzinfo=UTC), {"late_s": 9000})]
    tea.at("2026-11-25T20:00:01")
    assert tea.names == ["tea"]


def test_a_clock_that_is_set_back_repeats_nothing(tea):
    """Five o'clock comes twice, its event once."""
    for text in ("17:01", "16:30", "17:00", "17:01"):
        tea.at(f"2026-11-23T{text}")
    assert tea.names == ["tea"]


def test_a_clock_that_jumps_over_years_brings_only_what_was_just_due(tea):
    """A Raspberry Pi boots in the past."""
    tea.at("2026-02-01T12:00")
    tea.at("2026-11-23T17:30")
    assert tea.names == ["tea"]


def test_a_clock_without_trust_publishes_nothing(tea):
    """Until a time server has set it; after ten minutes it is trusted without one."""
    tea.clock.synchronised, tea.clock.up_s = False, 30.0
    tea.at("2026-11-23T17:00")
    assert tea.names == []
    tea.clock.up_s = 700.0
    tea.at("2026-11-23T17:10")
    assert tea.names == ["tea"]
    tea.clock.synchronised = False
    tea.at("1970-01-01T17:10")
    assert tea.names == ["tea"]


@pytest.mark.parametrize(
    ("at", "day", "due"),
    [
        (
            time(2, 30),
            "2026-03-29",
            "2026-03-29T01:30Z",
        ),  # left out by summer time: an hour later
        (time(2, 30), "2026-10-25", "2026-10-25T00:30Z"),  # twice on the clock: one event
        (time(12), "2026-03-29", "2026-03-29T10:00Z"),
    ],
)
def test_summer_time_begins_and_ends(states, at, day, due):
    """Each time comes once a day."""
    house = Day(states, clock=ClockSettings(at={"tea": at}))
    midnight = datetime.fromisoformat(f"{day}T00:00").astimezone(UTC)
    for minutes in range(0, 26 * 60, 5):
        house.at((midnight + timedelta(minutes=minutes)).isoformat())
    assert [
        (name, at) for name, at, _ in house.published if at.astimezone().date().isoformat() == day
    ] == [("tea", datetime.fromisoformat(due))]


def test_the_sun_rises_and_sets(states):
    """Once each: Berlin, 23 November 2026 (timeanddate.com: 7:40 and 16:01)."""
    house = Day(states, clock=ClockSettings(sun=True), house=BERLIN)
    midnight = datetime(2026, 11, 23).astimezone(UTC)
    for minutes in range(0, 24 * 60, 5):
        house.at((midnight + timedelta(minutes=minutes)).isoformat())
    (rise, risen, _), (fall, fallen, _) = house.published
    assert (rise, fall) == ("sunrise", "sunset")
    assert abs(risen - datetime(2026, 11, 23, 6, 40, tzinfo=UTC)) < timedelta(minutes=4)
    assert abs(fallen - datetime(2026, 11, 23, 15, 1, tzinfo=UTC)) < timedelta(minutes=4)


def test_each_day_has_a_sunset_also_where_it_comes_at_midnight_in_utc(states):
    """Chicago: it is at 0:01 in UTC one day and at 23:59 the next time, on the same day there."""
    house = Day(
        states, clock=ClockSettings(sun=True), house=Place(latitude=41.88, longitude=-87.63)
    )
    for hours in range(10 * 24):
        house.at((datetime(2026, 9, 10, tzinfo=UTC) + timedelta(hours=hours)).isoformat())
    assert (house.names.count("sunset"), house.names.count("sunrise")) == (10, 10)


def test_events_of_a_time_off_come_in_their_order(states):
    """So the last of them is the one that holds."""
    house = Day(
        states,
        clock=ClockSettings(quiet=True, late_max_s=86_400),
        quiet=Quiet(begin=time(22), end=time(7)),
    )
    house.at("2026-11-23T23:00")
    heard = [decode(payload).type for _, payload in house.net.heard]
    assert list(dict.fromkeys(heard)) == ["clock.quiet_ended", "clock.quiet_began"]


def test_an_event_from_before_the_boot_has_its_true_age(tea):
    """So that a handler's max_age_s holds, although this boot's clock begins later."""
    tea.clock.wall, tea.clock.up_s = datetime(2026, 11, 23, 17, tzinfo=UTC), 90.0
    tea.at("2026-11-23T18:00")
    (event,) = tea.net.events("clock.tea")
    assert event.age_s(tea.clock) == 3600
    tea.start()
    tea.clock.up_s = 90_000.0
    tea.at("2026-11-24T17:00:01")
    tea.clock.wall += timedelta(days=400)  # a jump of the wall clock ages nothing
    assert tea.net.events("clock.tea")[-1].age_s(tea.clock) == 1


def test_where_the_sun_does_not_set_there_is_no_event(states):
    """Tromsø in June."""
    house = Day(states, clock=ClockSettings(sun=True), house=Place(latitude=69.65, longitude=18.96))
    for hour in range(24):
        house.at(f"2026-06-21T{hour:02}:00")
    assert house.names == []


def test_quiet_hours_begin_and_end(states):
    """At the times in the settings."""
    house = Day(states, clock=ClockSettings(quiet=True), quiet=Quiet(begin=time(22), end=time(7)))
    house.at("2026-11-23T22:00:01")
    house.at("2026-11-24T07:00:01")
    assert house.names == ["quiet_began", "quiet_ended"]


def test_the_summary_counts_the_day(states):
    """The presses of the 24 hours before, by door."""
    house = Day(states, clock=ClockSettings(summary_at=time(21)))
    evening = datetime.fromisoformat("2026-11-23T21:00").astimezone(UTC)
    house.clock.wall = evening
    for door, hours in (("front", 1), ("front", 5), ("back", 23), ("front", 25)):
        ring(house.producer, door, at=evening - timedelta(hours=hours))
    house.at("2026-11-23T21:00:01")
    ((name, _, data),) = house.published
    assert name == "day_ended"
    assert data["late_s"] >= 0
    assert (data["presses"], data["answers"]) == ({"front": 2, "back": 1}, {})


def test_the_summary_counts_missed_visitors_and_failures(states):
    """Each once, over a restart; neither drills nor events of the day before."""
    house = Day(states, clock=ClockSettings(summary_at=time(21)))
    visit, notify = (
        Producer(states("visit"), house.net.bus(), "doorbell/handler/visit"),
        states("notify"),
    )
    notify = Producer(notify, house.net.bus(), "doorbell/handler/notify")
    evening = datetime.fromisoformat("2026-11-23T21:00").astimezone(UTC)
    for hours in (30, 3, 2):
        visit.publish(
            "visit.missed", "front", {"visit": "v"}, time=evening - timedelta(hours=hours)
        )
    for kind in ("doorbell.pressed", "doorbell.drilled"):
        dead = {
            "handler": "notify",
            "type": kind,
            "attempt": 5,
            "redelivered": False,
            "reason": "no network",
        }
        notify.publish("handler.dead", "front", dead, time=evening - timedelta(hours=1))
    for topic, payload in list(house.net.heard):
        house.bus.hear(topic, payload)
    house.start()
    house.at("2026-11-23T21:00:01")
    ((_, _, data),) = house.published
    assert (data["missed"], data["failed"]) == ({"front": 2}, {"notify": 1})
    assert (
        contract.faults(*next(heard for heard in house.net.heard if "clock/day_ended" in heard[0]))
        == []
    )


def _tea(path: Path, at: str) -> list[str]:
    """What a hub publishes that starts on this file at this time, and ends."""
    started = SetClock()
    started.wall = datetime.fromisoformat(at).astimezone(UTC)
    with closing(opened_state(path, started)) as state:
        house = Day(lambda _: state, clock=ClockSettings(at={"tea": time(16)}))
        house.at(at)
        return house.names


def test_a_hub_whose_file_was_put_back_does_not_publish_again(tmp_path):
    """It has forgotten that it published; from now on each event comes."""
    path = tmp_path / "hub-home.db"
    assert _tea(path, "2026-11-23T15:00") == []
    shutil.copy(path, tmp_path / "old")
    assert _tea(path, "2026-11-23T16:30") == ["tea"]
    path.rename(tmp_path / "aside")
    shutil.copy(tmp_path / "old", path)
    assert _tea(path, "2026-11-23T17:00") == []
    assert _tea(path, "2026-11-23T17:30") == []
    assert _tea(path, "2026-11-24T16:30") == ["tea"]


def test_without_settings_nothing_is_loaded(states):
    """A house without such events saves the memory."""
    house = Day(states)
    house.at("2026-11-23T17:00")
    assert (house.almanac._daily, house.names) == ({}, [])


@pytest.mark.parametrize(
    ("clock", "fault"),
    [
        ({"sun": True}, "sun: it needs a place"),
        ({"quiet": True}, "quiet: it needs quiet hours"),
        ({"at": {"sunset": "17:00"}}, "sunset is an event of the hub itself"),
        ({"at": {"day-ended": "17:00"}}, "day_ended is an event of the hub itself"),
    ],
)
def test_settings_that_cannot_work_are_faults(clock, fault):
    """The fault says what to do."""
    with pytest.raises(ValueError, match=fault):
        Settings.model_validate({"clock": clock})


def test_the_lantern_in_the_docs_is_lit_at_sunset(house: House):
    """The example and the settings of docs/clock.md as they stand there, over a real broker."""
    text = (ROOT / "docs" / "clock.md").read_text(encoding="utf-8")
    settings, example = (
        re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[-1]
        for kind in ("toml", "python")
    )
    now = datetime.now(UTC)
    longitude = (
        (18.6 - now.hour - now.minute / 60) * 15 + 180
    ) % 360 - 180  # the sun has set there within the hour
    place = f"[house]\nlatitude = 0\nlongitude = {longitude}\n"
    house.has_set_clock = True
    house.settings = f"{place}[quiet]\nbegin = 22:00:00\nend = 07:00:00\n{settings}"
    (house.handlers_dir / "lantern.py").write_text(example, encoding="utf-8")
    house.start("lantern", "hub")
    lit = "zigbee2mqtt/lantern/set"
    until(lambda: house.ears.messages(lit), lambda: house.log("hub") + house.log("lantern"))
    assert house.ears.messages(lit) == [{"state": "ON"}]


def test_a_handler_reacts_to_the_clock_like_to_a_press(house: House):
    """Real processes: a hub that was off publishes the event later, and once over a restart."""
    ago = clock.strftime("%H:%M:%S", clock.localtime(clock.time() - 300))
    house.has_set_clock = True
    house.settings = f"[clock]\nat = {{ tea = {ago} }}\n"
    house.write_handler("kettle", "done(event)", '"clock.tea"')
    house.start("kettle", wait=False)
    house.start("hub")
    until(lambda: house.effects("kettle"), lambda: house.log("hub") + house.log("kettle"))
    house.kill("hub")
    house.start("hub")
    press = house.press()
    until(lambda: house.ears.events("doorbell.pressed"), "it lives")
    assert press
    assert len({event["id"] for event in house.ears.events("clock.tea")}) == 1
    assert len(house.effects("kettle")) == 1
