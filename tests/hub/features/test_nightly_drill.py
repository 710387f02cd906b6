"""The nightly drill: once a night, and each handler that does not work is a fault."""

from datetime import UTC, datetime, time

import pytest

from config import Drill, Settings
from hub.features.nightly_drill import LOOK_S, STATUSES_S, NightlyDrill
from hub.remote.drill import roll_call
from hub.store.memory import DiskMemory
from hub.wire import topics
from hub.wire.event import encode
from hub.wire.retained.status import Status
from tests.hub.fakes import HOUSE, HUB, journaled

DRILLED, FAILED = topics.DRILLED, topics.DRILL_FAILED


class Night:
    """A hub at night on a broker in memory, with clocks that the test sets."""

    def __init__(self, net, states, hub):
        self.net, self.states, self.hub = net, states, hub
        self.state, self.bus = states("hub-nightly"), net.bus()
        self.s, self.now = 1000.0, datetime(2026, 11, 23, 3, 31).astimezone()
        self.begin()

    def begin(self, **drill):
        """Start the hub's process."""
        settings = Settings(drill=Drill(**({"at": time(3, 30), "timeout_s": 60} | drill)))
        clocks = {"seconds": lambda: self.s, "now": lambda: self.now.astimezone(UTC)}
        self.nightly = NightlyDrill(settings, self.state, self.hub, self.bus, **clocks)

    def tick(self, after_s=LOOK_S + STATUSES_S):
        self.s += after_s
        self.nightly.tick()

    def status(self, name, state="ready", reason="", detail=""):
        payload = Status(state, reason, detail, pid=1).encode()
        self.bus.hear(HOUSE.status(f"doorbell/handler/{name}"), payload, retained=True)

    def drill(self):
        """Tick until the drill is published; returns its event."""
        self.tick()
        self.status("notify")
        self.status("bark", "offline", "disabled")
        self.status("gone", "offline", "stopped")
        self.tick()
        return self.net.events(DRILLED)[-1]

    def outcome(self, drill, name, kind="handler.done", **data):
        source = f"doorbell/handler/{name}"
        facts = {"handler": name, "type": DRILLED, **data}
        event = journaled(self.states(name), kind, source=source, cause=drill, data=facts)
        self.bus.broker.take(HOUSE.of_event(event), encode(event))


@pytest.fixture
def night(net, states, hub):
    return Night(net, states, hub)


def test_when_all_react_all_is_well(night):
    """A handler that is switched off or removed is not missed; listening ends with the drill."""
    drill = night.drill()
    assert (drill.source, drill.data["via"]) == (HUB, "schedule")
    night.outcome(drill, "notify")
    night.tick(1)
    assert (night.net.events(FAILED), night.nightly.faults, night.bus.filters()) == ([], [], [])


def test_each_handler_that_fails_or_is_silent_is_a_fault_with_its_reason(night):
    """After the timeout: as an event that follows from the drill, and in the hub's status."""
    drill = night.drill()
    night.status("record")
    night.status("bark")
    night.status("light", "failed", "fault", "no such lamp")
    night.outcome(drill, "record", "handler.dead", reason="no picture")
    night.outcome(drill, "notify")
    night.tick(59)
    assert night.net.events(FAILED) == []
    night.tick(2)
    (failed,) = night.net.events(FAILED)
    assert failed.cause == drill.id
    assert failed.data["failed"] == [
        {"handler": "bark", "reason": "it did not answer (ready)"},
        {"handler": "light", "reason": "it did not answer (failed: no such lamp)"},
        {"handler": "record", "reason": "no picture"},
    ]
    assert night.nightly.faults[2] == "drill: record does not work: no picture"


def test_a_night_has_one_drill(night):
    """Neither a later tick nor a restart nor a clock set back repeats it; the next night does."""
    night.outcome(night.drill(), "notify")
    night.tick()
    night.begin()
    night.tick()
    night.now = night.now.replace(hour=3, minute=30)
    night.tick()
    assert len(night.net.events(DRILLED)) == 1
    night.now = night.now.replace(day=24)
    night.drill()
    assert len(night.net.events(DRILLED)) == 2


def test_a_clock_that_cannot_be_trusted_begins_no_drill(night):
    """A Raspberry Pi boots in the past: its day may be one that has had its drill."""
    night.state.clock.reboot(synchronised=False)
    night.tick()
    night.tick()
    assert night.net.events(DRILLED) == []
    night.state.clock.synchronised = True
    night.outcome(night.drill(), "notify")
    assert len(night.net.events(DRILLED)) == 1


@pytest.mark.parametrize(
    ("last", "drills"), [("2026-11-24", 0), ("2026-11-30", 0), ("2026-12-01", 1), ("2031-01-01", 1)]
)
def test_a_day_before_the_last_drill_has_none_but_for_a_wrong_clock(night, last, drills):
    """The clock was set back; where it is more than a week, it was wrong at the last drill."""
    DiskMemory(night.state)["drilled on"] = last
    night.tick()
    night.tick()
    assert len(night.net.events(DRILLED)) == drills
    assert DiskMemory(night.state)["drilled on"] == ("2026-11-23" if drills else last)


def test_without_a_time_there_is_no_drill(night):
    """That is the default."""
    night.begin(at=None)
    night.tick()
    night.tick()
    assert (night.net.events(DRILLED), night.bus.filters()) == ([], [])


def test_a_drill_without_any_reaction_has_failed(night):
    """Without a single status nothing works."""
    night.tick()
    night.tick()
    night.tick()
    (failed,) = night.net.events(FAILED)
    assert failed.data["failed"] == [{"handler": "handlers", "reason": "none of them is there"}]


def test_a_known_consumer_is_missed_even_without_a_status(night, monkeypatch):
    """A broker that lost its memory does not hide a handler that died."""
    monkeypatch.setattr(type(night.hub), "consumers", lambda _: {"record", "unheard-of"})
    drill = night.drill()
    night.outcome(drill, "notify")
    night.tick(61)
    (failed,) = night.net.events(FAILED)
    assert failed.data["failed"] == [
        {"handler": "record", "reason": "it did not answer (no status)"}
    ]


@pytest.mark.parametrize(
    ("reacts_to", "outcome"),
    [
        (None, "done"),
        (("doorbell.pressed", "light.expired"), "done"),
        (("visitor.answered", "doorbell.drilled"), "done"),
        (("*",), "done"),
        (("visitor.answered",), "reached"),
        ((), "reached"),
    ],
)
def test_who_does_not_react_to_a_press_is_not_called_working(night, reacts_to, outcome, caplog):
    """A drill did not try it; that it was reached is no fault. One with a dry run was tried."""
    caplog.set_level("INFO")
    drill = night.drill()
    payload = Status("ready", reacts_to=reacts_to).encode()
    night.bus.hear(HOUSE.status("doorbell/handler/notify"), payload)
    night.outcome(drill, "notify", note="fine")
    (result,) = night.nightly._roll.results(drill.id)
    assert (result.outcome, result.works) == (outcome, True)
    assert ("does not react to doorbell.pressed" in result.words) == (outcome == "reached")
    night.tick(1)
    assert night.nightly.faults == []
    assert ("nightly drill: works: notify" in caplog.messages) == (outcome == "done")


def test_a_handler_that_is_not_tried_is_missed_all_the_same(night):
    """Its process has to run, and answers a drill then."""
    drill = night.drill()
    payload = Status("ready", reacts_to=("visitor.answered",)).encode()
    night.bus.hear(HOUSE.status("doorbell/handler/notify"), payload)
    (result,) = night.nightly._roll.results(drill.id)
    assert (result.outcome, result.works) == ("missing", False)


def test_an_outcome_of_a_press_is_no_result_of_a_drill(net, state):
    """Nor is one that another process publishes in a handler's name, or what is not an event."""
    bus = net.bus()
    call = roll_call.RollCall(bus, Settings())
    call.open()
    drill = journaled(state, DRILLED)
    done = journaled(
        state, "handler.done", source="doorbell/handler/one", cause=drill, data={"type": DRILLED}
    )
    pressed = journaled(
        state,
        "handler.done",
        source="doorbell/handler/two",
        cause=drill,
        data={"type": topics.PRESSED},
    )
    bus.hear(HOUSE.event("doorbell/handler/three", "handler.done", "front"), encode(done))
    bus.hear(HOUSE.of_event(pressed), encode(pressed))
    bus.hear(HOUSE.of_event(pressed), b"junk")
    bus.hear(HOUSE.status("doorbell/handler/four"), b"[1]")
    assert call.results(drill.id) == []
    bus.hear(HOUSE.of_event(done), encode(done))
    assert [(result.handler, result.works) for result in call.results(drill.id)] == [("one", True)]


def test_a_roll_that_is_never_closed_keeps_few_drills(net, state, monkeypatch):
    """That of the page listens as long as its process runs: the last ones, and the one it shows."""
    monkeypatch.setattr(roll_call, "KEPT_DRILLS", 2)
    bus = net.bus()
    call = roll_call.RollCall(bus, Settings())
    call.open()
    drills = [journaled(state, DRILLED) for _ in range(5)]
    call.keep(drills[0].id)
    for drill in drills:
        for name in ("one", "two"):
            source = f"doorbell/handler/{name}"
            data = {"type": DRILLED}
            done = journaled(state, "handler.done", source=source, cause=drill, data=data)
            bus.hear(HOUSE.of_event(done), encode(done))
    found = [[result.handler for result in call.results(drill.id)] for drill in drills]
    reacted = ["one", "two"]
    assert found == [reacted, [], [], reacted, reacted]


def test_the_memory_is_written_before_the_drill(night):
    """A drill that kills the hub does not begin again after the restart."""
    night.tick()
    assert DiskMemory(night.state)["drilled on"] == "2026-11-23"
    assert night.net.events(DRILLED) == []


def test_a_drill_that_the_end_of_the_hub_interrupted_is_a_fault(night):
    """It has no result, and the status says so; a finished drill leaves no fault."""
    drill = night.drill()
    night.begin()
    assert night.nightly.faults == [
        "drill: the hub ended before it had a result. Try `doorbell drill`"
    ]
    night.begin()
    assert night.nightly.faults == []
    night.now = night.now.replace(day=24)
    night.outcome(night.drill(), "notify")
    night.tick()
    night.begin()
    assert (night.nightly.faults, drill.data["via"]) == ([], "schedule")
