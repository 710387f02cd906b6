"""What a handler may do besides returning: say something, come back later, remember."""

import pytest

from hub import BadEvent, Event, checkpoint, emit, later, memory, testing
from hub.consumer.attempt import LiveAttempt
from hub.plugin.api import running
from hub.producer.producer import Producer
from hub.store.journal.backlog import Backlog
from hub.store.memory import DiskMemory
from tests.hub.fakes import NOTIFY, consumer_of, outcomes, reaction, ring, rows, run_until


@pytest.fixture
def attempt(state):
    """A handler of a real process, in the middle of a run."""
    live = LiveAttempt(testing.event(), NOTIFY, state, {"light.expired"})
    with running(live):
        yield live


def test_outside_of_a_run_words_go_nowhere():
    """A test that calls a handler as a plain function needs nothing more."""
    emit("clip.recorded")
    later("light.expired", 5)
    checkpoint()
    with pytest.raises(RuntimeError, match=r"with hub.testing.run"):
        memory["x"] = 1


def test_what_was_said_is_kept_until_the_outcome(attempt):
    """By default it is about the door that the event is about."""
    emit("clip.recorded", {"path": "a"})
    emit("snapshot.taken", subject="camera")
    assert attempt.emitted == [
        ("clip.recorded", "front", {"path": "a"}),
        ("snapshot.taken", "camera", {}),
    ]


@pytest.mark.parametrize("say", [emit, lambda kind: later(kind, 1)], ids=["emit", "later"])
@pytest.mark.parametrize(
    "kind", ["doorbell.pressed", "doorbell.x", "handler.done", "handler.x", "clip", "Clip.x", ""]
)
def test_what_is_not_a_handlers_to_say_is_refused_at_the_line(attempt, say, kind):
    """A handler can neither ring nor forge outcomes, in a test as in the house."""
    with pytest.raises(BadEvent):
        say(kind)
    with testing.run(), pytest.raises(BadEvent):
        say(kind)
    assert attempt.emitted == []


@pytest.mark.parametrize(
    "say",
    [
        lambda: emit("clip.recorded", {"x": {1}}),
        lambda: emit("clip.recorded", {"x": "y" * 70_000}),
        lambda: emit("clip.recorded", subject="Front/Door"),
        lambda: later("light.expired", 1, {"x": float("nan")}),
        lambda: later("light.expired", 1, subject="#"),
    ],
)
def test_what_cannot_travel_is_refused_at_the_line(state, attempt, say):
    """The author's own line is in the traceback, not ours of later on."""
    with pytest.raises(BadEvent):
        say()
    assert (attempt.emitted, rows(state, "SELECT * FROM inbox")) == ([], [])


def test_what_was_said_does_not_change_afterwards(attempt):
    """The data is that of the moment of the call; later changes to it have no effect."""
    data = {"n": 1}
    emit("clip.recorded", data)
    data["n"] = {2}
    assert [said for _, _, said in attempt.emitted] == [{"n": 1}]


def test_coming_back_needs_somebody_to_come_back_to(attempt):
    """A type that no function of this file reacts to is a slip, told with how to mend it."""
    with pytest.raises(BadEvent, match=r'Add a function with @handler\("clip\.due"\)'):
        later("clip.due", 1)


def test_a_timer_is_set_when_the_run_succeeds(state, attempt):
    """Not before; the second one replaces the first, and its time counts from the call."""
    before = state.clock.stand().uptime_s()
    later("light.expired", 100)
    later("light.expired", 200, {"n": 2})
    assert rows(state, "SELECT * FROM inbox") == []
    state.clock.passed_s = 50.0  # it runs for a while
    state.do(attempt.write)
    ((due, payload),) = rows(state, "SELECT due, payload FROM inbox")
    assert due == pytest.approx(before + 200, abs=0.001)
    assert b'"n":2' in payload


def test_later_is_delivered_once_when_it_is_due(states, net):
    """To the same file and to nobody else, with its data, as one of the press's trace."""
    heard, state = [], states()

    def light(event: Event, config):
        heard.append((event.type, event.data, event.cause))
        if event.type == "doorbell.pressed":
            later("light.expired", 30, {"n": 1})
            later("light.expired", 0.05, {"n": 2})

    consumer = consumer_of(state, net.bus(), reaction(light, "doorbell.pressed", "light.expired"))
    press = ring(Producer(states("hub"), net.bus(), "doorbell/hub/home"))
    run_until(consumer, lambda: len(outcomes(state)) == 2)
    assert heard == [("doorbell.pressed", {}, None), ("light.expired", {"n": 2}, press.id)]
    assert rows(state, "SELECT * FROM inbox") == []
    assert net.events("light.expired") == []
    assert {event.traceparent.split("-")[1] for event in net.events("handler.done")} == {
        press.traceparent.split("-")[1]
    }


def test_a_timer_is_owed_to_no_consumer(state, attempt):
    """It never leaves the process, also when another asks for all that there is."""
    later("light.expired", 100)
    checkpoint()
    assert Backlog(state, NOTIFY).owed("*", {}, since=None) == []


def test_a_failed_run_comes_back_only_with_a_checkpoint(states, net):
    """`later` is undone with the run; a checkpoint before the failure keeps it."""
    state = states()

    def light(event, config):
        if event.type == "doorbell.pressed":
            later("light.expired", 0.02, subject="kept")
            checkpoint()
            later("light.expired", 0.01, subject="undone")
            raise OSError("no connection")

    consumer = consumer_of(
        state, net.bus(), reaction(light, "doorbell.pressed", "light.expired", attempts=1)
    )
    ring(Producer(states("hub"), net.bus(), "doorbell/hub/home"))
    run_until(consumer, lambda: len(outcomes(state)) == 2)
    assert [(kind, data["type"]) for kind, data in outcomes(state)] == [
        ("handler.dead", "doorbell.pressed"),
        ("handler.done", "light.expired"),
    ]
    assert [event.subject for event in net.events("handler.done")] == ["kept"]
    assert rows(state, "SELECT 1 FROM inbox WHERE state <> 'dead'") == []


def test_memory_is_a_mapping(state, attempt):
    """JSON values by key; changes show at once, and count for others when they are committed."""
    DiskMemory(state)["old"] = 1
    memory["was_on"] = True
    memory["levels"] = [1, {"a": None}]
    memory["was_on"] = False
    assert dict(memory) == {"levels": [1, {"a": None}], "old": 1, "was_on": False}
    assert (len(memory), "was_on" in memory, memory.pop("was_on"), len(memory)) == (
        3,
        True,
        False,
        2,
    )
    assert memory.get("was_on") is None
    del memory["old"]
    for missing in ("was_on", "old", "never"):
        with pytest.raises(KeyError):
            del memory[missing]
    assert dict(DiskMemory(state)) == {"old": 1}
    checkpoint()
    assert dict(DiskMemory(state)) == {"levels": [1, {"a": None}]}


def test_memory_keeps_what_it_had_when_the_new_value_is_no_json(state, attempt):
    """A slip does not wipe out what was remembered."""
    memory["x"] = 1
    with pytest.raises(TypeError):
        memory["x"] = {1}
    assert memory["x"] == 1


def test_a_test_sees_what_a_handler_did():
    """`hub.testing.run` shows what was said, asked for and remembered, and ends with its block."""
    press = testing.event("doorbell.pressed", "back", via="button")
    with testing.run(press) as doing:
        emit("clip.recorded", {"path": "a"})
        later("light.expired", 5)
        later("light.expired", 7)
        memory["n"] = 1
    emit("clip.recorded", {"path": "unseen"})
    assert (doing.emitted, doing.timers) == (
        [("clip.recorded", {"path": "a"})],
        {"light.expired": 7},
    )
    assert (doing.memory, doing.event, press.door, press.data) == (
        {"n": 1},
        press,
        "back",
        {"via": "button"},
    )


def test_a_test_sees_what_a_checkpoint_kept():
    """Each checkpoint shows what a crash after it would have left."""
    with testing.run(memory={"n": 1}) as doing:
        memory["n"] += 1
        later("light.expired", 5)
        checkpoint()
        memory["n"] += 1
    assert doing.checkpoints == [({"n": 2}, {"light.expired": 5})]
    assert doing.memory == {"n": 3}


@pytest.mark.parametrize(("saves", "left"), [(True, {"n": 2}), (False, {"n": 1})])
def test_a_test_sees_what_a_failed_run_leaves(saves, left):
    """An exception that leaves the block undoes the run up to the last checkpoint."""
    known = {"n": 1}

    def fail():
        memory["n"] = 2
        if saves:
            checkpoint()
        memory["n"] = 3
        later("light.expired", 5)
        emit("clip.recorded")
        raise OSError("full")

    with pytest.raises(OSError, match="full"), testing.run(memory=known) as doing:
        fail()
    assert known == doing.memory == left
    assert (doing.emitted, doing.timers) == ([], {})


def test_what_one_run_remembers_the_next_one_knows():
    """A test hands one memory from run to run."""
    known = {}
    for _ in range(2):
        with testing.run(memory=known):
            memory["n"] = memory.get("n", 0) + 1
    assert known == {"n": 2}


@pytest.mark.parametrize(
    ("kind", "source"), [("doorbell.pressed", "hub"), ("clip.recorded", "handler")]
)
def test_an_event_for_a_test_is_one_that_could_be_said(kind, source):
    """It has the source that may say it, so that a handler sees nothing unreal."""
    event = testing.event(kind)
    assert event.source == f"doorbell/{source}/test"
    assert event.stream == f"doorbell/{source}/test {kind} front"
