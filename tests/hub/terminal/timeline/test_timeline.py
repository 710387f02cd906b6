"""The terminal's view: a press, who reacted, how long after it and how long it took."""

import io
import json
import re
from datetime import UTC, datetime
from functools import cache, partial

import pytest
from rich.live import Live

from hub.producer.producer import Producer
from hub.terminal.output import Console
from hub.terminal.timeline import timeline as timeline_module
from hub.terminal.timeline.timeline import MOST_READY, Timeline
from hub.terminal.timeline.visit import Visit
from hub.wire.event import encode
from hub.wire.retained.status import Status
from tests.hub.fakes import HOUSE, HUB, NOTIFY, PRESSED, journaled, ring

DONE = {"handler": "notify", "type": PRESSED, "attempt": 1}


def _console(*, terminal=False):
    return Console(
        file=io.StringIO(), record=True, width=120, force_terminal=terminal, color_system=None
    )


def _shown(console):
    """What was printed since the last call."""
    return console.export_text()


@pytest.fixture(autouse=True)
def _only_what_is_printed_for_good(monkeypatch):
    """A terminal is drawn eight times a second; on a slow machine these frames were read, too."""
    monkeypatch.setattr(timeline_module, "Live", partial(Live, auto_refresh=False))


@pytest.fixture
def console():
    return _console()


@pytest.fixture
def bus(net, console):
    bus = net.bus()
    Timeline(bus, console)
    return bus


@pytest.fixture
def hub(net, states):
    return Producer(states("hub"), net.bus(), HUB)


def _outcome(states, press, kind="handler.done", source=NOTIFY, **data):
    return journaled(states("notify"), kind, source=source, cause=press, data=DONE | data)


def _render(press, *outcomes, waiting=()):
    shown = Visit(press, set(waiting))
    for outcome in outcomes:
        shown.add(outcome)
    console = _console()
    console.print(shown.render())
    return [" ".join(line.split()) for line in _shown(console).splitlines()]


def test_a_press_shows_the_handlers_that_it_waits_for(states):
    """The door's name, and a line for each handler that is expected to react."""
    press = journaled(states("hub"), data={"name": "Front door"})
    head, *lines = _render(press, waiting=["record", "bark"])
    assert head.endswith("ding dong Front door")
    assert lines == ["… bark", "… record"]


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        (
            "handler.done",
            {"note": "1 reached", "started_after_ms": 12.34, "took_ms": 1234},
            "✓ notify after 12.3 ms took 1.2 s 1 reached",
        ),
        ("handler.done", {}, "✓ notify"),
        ("handler.skipped", {"reason": "stale"}, "· notify stale"),
        ("handler.dead", {"reason": "no camera", "took_ms": 5}, "✗ notify took 5.0 ms no camera"),
        (
            "handler.retried",
            {"reason": "not yet", "attempt": 2, "again_in_s": 1.5},
            "↻ notify not yet (attempt 2, again in 1.5 s)",
        ),
        ("handler.done", {"took_ms": "long", "note": ["odd"]}, "✓ notify ['odd']"),
    ],
)
def test_each_outcome_is_a_line(states, kind, data, line):
    """Its sign, the handler, how long after the press, how long it took, and its note."""
    press = journaled(states("hub"))
    outcome = journaled(states("notify"), kind, source=NOTIFY, cause=press, data=DONE | data)
    assert _render(press, outcome, waiting=["notify"])[1:] == [line]


def test_the_latest_outcome_counts_and_what_follows_has_a_line_of_its_own(states):
    """Success replaces a retry; the handler's own timer differs by its type."""
    press, notify = journaled(states("hub")), states("notify")
    outcomes = [
        journaled(notify, kind, source=NOTIFY, cause=press, data=DONE | data)
        for kind, data in (
            ("handler.retried", {"reason": "no"}),
            ("handler.done", {"note": "yes"}),
            ("handler.done", {"type": "light.expired", "note": "off"}),
        )
    ]
    assert _render(press, *outcomes)[1:] == ["✓ notify yes", "✓ notify · light.expired off"]


def test_a_note_of_a_handler_is_not_markup(states):
    """Square brackets are shown as they are."""
    press = journaled(states("hub"))
    outcome = journaled(
        states("notify"),
        "handler.done",
        source=NOTIFY,
        cause=press,
        data=DONE | {"note": "[red]x[/]"},
    )
    assert _render(press, outcome)[1] == "✓ notify [red]x[/]"


def test_without_a_terminal_each_event_is_a_line(console, bus, hub, states):
    """For logs and pipes; a repeated event is printed once, and a retained one never."""
    press = ring(hub)
    done = journaled(
        states("notify"),
        "handler.done",
        source=NOTIFY,
        cause=press,
        data=DONE | {"note": "reached"},
    )
    for _ in range(2):
        bus.hear(HOUSE.of_event(done), encode(done))
    old = journaled(states("hub2"), source="doorbell/hub/old")
    bus.hear(HOUSE.of_event(old), encode(old), retained=True)
    bus.hear(HOUSE.of_event(old), b"?")
    lines = [line.split() for line in _shown(console).splitlines()]
    assert [line[1:] for line in lines] == [
        ["ding", "dong", "front"],
        ["notify", "·", PRESSED, "reached"],
    ]


def test_a_terminal_shows_the_press_that_is_going_on(net, hub, states):
    """It waits for the handlers that are ready.

    An outcome of an earlier press stands above it; one of a press that was never seen nowhere.
    """
    console, bus = _console(terminal=True), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    bus.hear(HOUSE.status(NOTIFY), b'{"state": "ready"}')
    unseen = journaled(states("unseen"))
    first, second = ring(hub, name="First"), ring(hub, name="Second")
    for press, note in ((first, "of the first"), (second, "of the second"), (unseen, "of none")):
        done = journaled(
            states(note[-5:]),
            "handler.done",
            source=NOTIFY,
            cause=press,
            data=DONE | {"note": note},
        )
        bus.hear(HOUSE.of_event(done), encode(done))
    timeline.stop()
    shown = _shown(console)
    assert "notify is ready" in shown
    assert "First" in shown
    assert shown.rstrip().endswith("of the second")
    last_drawn = shown.rindex("Second")  # a slow machine draws it more than once
    assert shown.index("First") < shown.index("of the first") < last_drawn
    assert "of none" not in shown


@pytest.mark.parametrize(
    ("kind", "waiting"),
    [
        (PRESSED, ["bark", "log", "old"]),
        ("doorbell.double_pressed", ["log", "old"]),
        ("doorbell.drilled", ["bark", "gate", "log", "old", "speak"]),
    ],
)
def test_who_does_not_react_to_an_event_is_not_waited_for(net, hub, kind, waiting):
    """As its status says; one that does not say is waited for. Each handler answers a drill."""
    timeline, console, bus = _live(net)
    handlers = {
        "bark": Status("ready", reacts_to=(PRESSED,), doors=("back", "front")),
        "gate": Status("ready", reacts_to=(PRESSED,), doors=("garden",)),
        "speak": Status("ready", reacts_to=("visitor.answered",)),
        "log": Status("ready", reacts_to=("*",)),
        "old": Status("ready"),
    }
    for name, status in handlers.items():
        bus.hear(HOUSE.status(f"doorbell/handler/{name}"), status.encode())
    hub.publish(kind, "front", {"name": "Front door"}, time=datetime.now(UTC))
    lines = _lines(timeline, console)
    assert [line for line in lines if line.startswith("…")] == [f"… {name}" for name in waiting]


def test_invented_handlers_do_not_fill_the_memory(net, hub):
    """Only so many are waited for, and what they say is kept of these alone."""
    timeline, console, bus = _live(net)
    for number in range(MOST_READY + 1):
        bus.hear(HOUSE.status(f"doorbell/handler/h{number}"), b'{"state": "ready"}')
    ring(hub, name="Front door")
    assert sum(line.startswith("…") for line in _lines(timeline, console)) == MOST_READY


def test_a_status_is_printed_when_it_changes(console, bus):
    """Ready, no longer ready (with the reason), and each failure; never what is not a status."""
    for payload in (
        b'{"state": "starting"}',
        b'{"state": "ready"}',
        b'{"state": "ready"}',
        b'{"state": "offline", "reason": "it vanished"}',
        b'{"state": "failed", "reason": "no camera"}',
        b"?",
        b"[]",
        b"{}",
    ):
        bus.hear(HOUSE.status(NOTIFY), payload)
    assert _shown(console).splitlines() == [
        "notify is ready",
        "notify is offline: it vanished",
        "notify has failed",
    ]


def test_a_handler_has_begun_when_it_is_ready_off_or_failed(net, console):
    """A handler that only starts has not; one that is switched off is not waited for."""
    bus = net.bus()
    timeline = Timeline(bus, console)
    bus.hear(HOUSE.status(NOTIFY), b'{"state": "starting"}')
    assert not timeline.has_heard(["notify"])
    bus.hear(HOUSE.status(NOTIFY), b'{"state": "offline", "reason": "disabled"}')
    assert timeline.has_heard(["notify"])
    assert not timeline.has_heard(["notify", "bark"])


def test_the_last_lifes_failure_is_not_news(console, bus):
    """A failure that the broker kept is of an earlier run: only a live one is printed."""
    failed = b'{"state": "failed", "detail": "no camera"}'
    bus.hear(HOUSE.status(NOTIFY), failed, retained=True)
    assert not _shown(console)
    bus.hear(HOUSE.status(NOTIFY), failed)
    assert _shown(console) == "notify has failed\n"


def test_the_reason_for_no_broker_is_said_once(net, console):
    """Not again for each process that says the same; what else a process says is printed."""
    bus = net.bus()
    timeline = Timeline(bus, console, patience_s=-1)
    bus.connected.clear()
    bus.has_reason = True
    bus.absence = "broker here: it refuses us"
    timeline.watch_broker()
    timeline.watch_broker()
    assert _shown(console) == "broker here: it refuses us\n"
    assert timeline.tells("ERROR notify: broker here: it refuses us")
    assert not timeline.tells("ERROR notify: no camera")


def test_a_broker_that_starts_is_waited_for(net, console):
    """Its absence is told only after the patience that it is given."""
    bus = net.bus()
    bus.connected.clear()
    Timeline(bus, console, patience_s=3600).watch_broker()
    assert not _shown(console)
    Timeline(bus, console, patience_s=-1).watch_broker()
    assert _shown(console).startswith("no broker answers at")


def test_a_replay_leaves_the_visit_as_it_was(net, hub, states):
    """Its outcome is a line of its own; an attempt after a failed one takes that one's row."""
    console, bus = _console(terminal=True), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    press = ring(hub)
    for kind, note in (
        ("handler.retried", "no network"),
        ("handler.done", "on time"),
        ("handler.skipped", "replayed"),
    ):
        data = DONE | {"note": note}
        outcome = journaled(states(kind), kind, source=NOTIFY, cause=press, data=data)
        bus.hear(HOUSE.of_event(outcome), encode(outcome))
    timeline.stop()
    shown = _shown(console)
    assert "replayed" in shown
    assert shown.rstrip().endswith("on time")


def test_a_drill_is_shown_as_one(bus, console, hub):
    """Never as a visitor; the faults that a nightly drill found are printed, too."""
    drill = hub.publish("doorbell.drilled", "front", {"name": "Front door"}, time=datetime.now(UTC))
    failed = [{"handler": "record", "reason": "no picture"}, "junk"]
    hub.publish(
        "doorbell.drill_failed", "front", {"failed": failed}, time=datetime.now(UTC), cause=drill
    )
    shown = _shown(console)
    assert "  drill  Front door" in shown
    assert "ding dong" not in shown
    assert "drill: record does not work: no picture" in shown


def test_a_line_after_a_visit_stands_below_it(net, hub, states, monkeypatch):
    """A settled visit is printed for good; what follows from it later is a line of its own."""
    monkeypatch.setattr("hub.terminal.timeline.timeline.SETTLED_S", -1.0)
    console, bus = _console(terminal=True), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    press = ring(hub, name="First")
    timeline.print("the broker is gone")
    late = journaled(
        states("late"),
        "handler.done",
        source=NOTIFY,
        cause=press,
        data=DONE | {"note": "much later"},
    )
    bus.hear(HOUSE.of_event(late), encode(late))
    timeline.stop()
    shown = _shown(console)
    assert shown.index("First") < shown.index("the broker is gone") < shown.index("much later")


def test_the_reactions_to_an_answer_stand_below_it(net, hub, states):
    """The press that was answered is still on the screen: they do not slip above it."""
    console, bus = _console(terminal=True), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    ring(hub, name="First")
    data = {"name": "Front door", "answer": "coming"}
    answer = hub.publish("visitor.answered", "front", data, time=datetime.now(UTC))
    done = journaled(
        states("notify"),
        "handler.done",
        source=NOTIFY,
        cause=answer,
        data=DONE | {"type": "visitor.answered", "note": "told"},
    )
    bus.hear(HOUSE.of_event(done), encode(done))
    timeline.stop()
    shown = _shown(console)
    assert shown.index("First") < shown.index("answered") < shown.index("told")


@pytest.mark.parametrize("terminal", [True, False])
def test_no_event_and_no_status_changes_the_terminal(net, states, terminal):
    """A name, a note, a reason, a drill's fault or a status may hold anything: it is one line."""
    hostile = "a\n✓ bark\x1b]0;owned\x07\x9b2J\u202eb"
    console, bus = _console(terminal=terminal), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    press = journaled(states("hub"), PRESSED, data={"name": hostile})
    outcomes = [
        journaled(states(kind), kind, source=NOTIFY, cause=press, data=DONE | data)
        for kind, data in {
            "handler.done": {"note": hostile},
            "handler.retried": {"reason": hostile, "again_in_s": hostile, "attempt": hostile},
            "handler.dead": {"reason": hostile, "type": hostile, "handler": hostile},
        }.items()
    ]
    failed = {"failed": [{"handler": hostile, "reason": hostile}]}
    drill = journaled(states("drill"), "doorbell.drill_failed", data=failed)
    for event in (press, *outcomes, drill):
        bus.hear(HOUSE.of_event(event), encode(event))
    status = json.dumps({"state": "ready", "detail": hostile}).encode()
    bus.hear(HOUSE.status(NOTIFY), status)
    timeline.print(hostile)
    timeline.stop()
    written = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())  # rich's own
    assert "a\\n✓ bark\\u001b]0;owned\\u0007\\u009b2J\\u202eb" in written
    assert not set(written) & set("\x1b\x07\x9b\u202e")
    assert not re.search(r"^✓ bark", written, re.MULTILINE)


def _live(net):
    """A timeline on a terminal, and what it has printed for good."""
    console, bus = _console(terminal=True), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    return timeline, console, bus


def _lines(timeline, console):
    timeline.stop()
    return [" ".join(line.split()) for line in _shown(console).splitlines() if line.strip()]


@pytest.mark.parametrize("terminal", [True, False])
def test_an_answer_is_shown(net, hub, states, terminal):
    """Who answered which door and how, and what handlers do about it, whether a press is known."""
    console, bus = _console(terminal=terminal), net.bus()
    timeline = Timeline(bus, console)
    timeline.start()
    states = cache(states)
    press = ring(hub, name="Front door")
    for cause, answer, by in ((press, "leave_it", "Anna"), (None, "Just a moment", "")):
        data = {"name": "Front door", "answer": answer, "by": by}
        told = journaled(states("other"), "visitor.answered", data=data, cause=cause)
        done = journaled(
            states("notify"),
            "handler.done",
            source=NOTIFY,
            cause=told,
            data=DONE | {"type": told.type, "note": f"about {answer}"},
        )
        for event in (told, done):
            bus.hear(HOUSE.of_event(event), encode(event))
    lines = "\n".join(_lines(timeline, console))
    assert "answered Front door Leave it at the door (Anna)" in lines
    assert "answered Front door Just a moment" in lines
    assert "notify · visitor.answered about leave_it" in lines
    assert "notify · visitor.answered about Just a moment" in lines


def test_quiet_is_shown_when_it_changes(console, bus):
    """At the start only if the house is quiet; the same state again is no news."""
    hub = HOUSE.quiet(HUB)
    for state in (
        {"quiet": False, "why": "off", "until": None},
        {"quiet": True, "why": "command", "until": None},
        {"quiet": True, "why": "command", "until": None, "command": "another"},
        {"quiet": False, "why": "off", "until": None},
    ):
        bus.hear(hub, json.dumps(state).encode(), retained=True)
    assert _shown(console).splitlines() == ["quiet by command", "no quiet hours now"]


def test_what_follows_from_an_earlier_visit_is_shown_during_a_drill(net, hub, states):
    """A clip ends seconds after its press; a drill may have begun meanwhile."""
    timeline, console, bus = _live(net)
    states = cache(states)
    press = ring(hub, name="Front door")
    drill = hub.publish("doorbell.drilled", "front", {}, time=datetime.now(UTC))
    late = _outcome(states, press, type="clip.due", note="12 s")
    works = _outcome(states, drill, type="doorbell.drilled", note="a picture")
    for event in (late, works):
        bus.hear(HOUSE.of_event(event), encode(event))
    lines = _lines(timeline, console)
    assert any("notify · clip.due 12 s" in line for line in lines)
    assert any("notify a picture" in line for line in lines)


def test_a_handler_s_line_stands_below_the_headline_of_its_press(net, hub):
    """Also when there are more of them than are kept below a visit that goes on."""
    timeline, console, _ = _live(net)
    ring(hub, name="Front door")
    said = [f"bark: line {number}" for number in range(25)]
    for line in said:
        timeline.print(line)
    lines = _lines(timeline, console)
    place = next(number for number, line in enumerate(lines) if "ding dong" in line)
    assert [line for line in lines[place:] if line.startswith("bark")] == said
    assert not [line for line in lines[:place] if line.startswith("bark")]
