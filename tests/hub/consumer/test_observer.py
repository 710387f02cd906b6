"""Who reacts to everything: it misses nothing, says little, and ends."""

from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest

from hub import emit, keep, later
from hub.plugin.handler_config import HandlerConfig
from hub.producer.producer import Producer
from hub.store.file.memory_fallback import WRITE_BACK_S
from hub.wire import topics
from hub.wire.event import decode, encode
from tests.hub.fakes import (
    HOUSE,
    HUB,
    NOTIFY,
    PRESSED,
    FakeClock,
    consumer_of,
    does,
    opened_state,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
)
from tests.hub.listener import Listener
from tests.hub.store.file.test_memory_fallback import _full_disk as full_disk

LOG = topics.source("handler", "log")


@pytest.fixture
def notify(states, net):
    return Producer(states("notify"), net.bus(), NOTIFY)


def _observe(state, net, act, condition, **rules):
    """Run a handler of everything until the condition is true."""
    consumer = consumer_of(state, net.bus(), reaction(does(act), "*", **rules), source=LOG)
    run_until(consumer, condition, lambda: str(outcomes(state)))


def test_it_hears_everybody_also_what_it_missed(net, states, hub, notify):
    """Presses, events of handlers and outcomes, of each producer; what is missing is asked for."""
    listener = Listener(states("log"), net.bus(), kinds=(topics.EVERY,), source=LOG)
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    missed = {ring(hub).id, notify.publish("clip.recorded", "front", {}, time=datetime.now(UTC)).id}
    net.fate = lambda _, __: 1
    live = {
        ring(hub, "back").id,
        notify.publish("handler.done", "front", {}, time=datetime.now(UTC)).id,
    }
    listener.work()
    assert set(listener.taken) == missed | live
    assert len(listener.taken) == 4


def test_a_producer_that_comes_back_is_asked_by_it(net, states, hub):
    """A hub that says `ready` may have presses from before; that it is a hub does not matter."""
    listener = Listener(states("log"), net.bus(), kinds=(topics.EVERY,))
    listener.work()
    asked = [topic for topic, _ in net.heard if "/query/" in topic]
    listener.bus.hear(HOUSE.status(HUB), b'{"state": "ready"}')
    listener.work()
    assert len([topic for topic, _ in net.heard if "/query/" in topic]) > len(asked)


def test_its_question_is_a_topic_that_every_broker_takes():
    """No wildcard, and no type: types have a dot."""
    assert HOUSE.query(LOG, topics.EVERY) == "doorbell/handler/log/query/all"
    assert HOUSE.queried("doorbell/handler/log/query/all") == topics.EVERY
    assert topics.fault_in_type("all")


def test_it_says_what_became_of_a_press_and_else_only_failures(state, net, hub, notify):
    """An outcome for each outcome would triple what is written for a press."""
    ring(hub)
    notify.publish("handler.done", "front", {}, time=datetime.now(UTC))
    notify.publish("clip.recorded", "front", {"fails": True}, time=datetime.now(UTC))
    notify.publish("snapshot.taken", "front", {}, time=datetime.now(UTC))
    seen = []

    def act(event):
        seen.append(event.type)
        if event.data.get("fails"):
            raise ValueError("no room")

    _observe(
        state,
        net,
        act,
        lambda: len(seen) >= 4 and len(outcomes(state)) >= 2,
        since_s=60,
        attempts=1,
    )
    said = {(kind, data["type"]) for kind, data in outcomes(state)}
    assert said == {("handler.done", PRESSED), ("handler.dead", "clip.recorded")}


def test_it_does_not_hear_what_it_publishes_itself(state, net, hub, notify):
    """Else one that says something about everything would go on for ever.

    Neither live, nor after a restart, which asks everybody else for what was missed.
    """
    seen = []

    def act(event):
        seen.append((event.source, event.type))
        emit("log.noted")

    ring(hub)
    _observe(state, net, act, lambda: len(net.events("handler.done")) >= 1, since_s=60)
    assert net.events("log.noted")
    notify.publish("clip.recorded", "front", {}, time=datetime.now(UTC))
    _observe(state, net, act, lambda: len(seen) >= 2, since_s=60)
    assert seen == [(HUB, PRESSED), (NOTIFY, "clip.recorded")]
    assert not any(LOG in stream for (stream,) in rows(state, "SELECT stream FROM cursor"))


def test_what_an_earlier_state_file_has_of_its_own_events_goes(state, net, hub):
    """It heard its own outcomes then; nobody would answer for these cursors any more."""
    own = Producer(state, net.bus(), LOG)
    earlier = Listener(state, net.bus(), kinds=(topics.EVERY,), source=LOG)
    said = own.publish("handler.done", "front", {}, time=datetime.now(UTC))
    earlier.work()
    assert earlier.taken == [said.id]
    consumer = ("log", said.stream, said.epoch, 1)
    state.do(lambda db: db.execute("INSERT INTO consumer VALUES (?, ?, ?, ?)", consumer))
    state.do(lambda db: db.execute("INSERT INTO asked VALUES ('log', '*', 0)"))
    state.do(lambda db: db.execute("INSERT INTO producer VALUES (?, '*')", (LOG,)))
    before = len(net.heard)
    ring(hub)
    _observe(state, net, lambda _: None, lambda: len(outcomes(state)) >= 2, since_s=60)
    for table in ("cursor", "inbox", "consumer"):
        streams = rows(state, f"SELECT stream FROM {table}")  # noqa: S608 - one of three
        assert not [stream for (stream,) in streams if stream.startswith(LOG)]
    assert (LOG,) not in rows(state, "SELECT source FROM producer")
    assert rows(state, "SELECT name FROM asked") == []
    asked = [payload for topic, payload in net.heard[before:] if "handler/log/query" in topic]
    assert asked
    assert not any(LOG.encode() in payload for payload in asked)


@pytest.mark.parametrize(
    ("policy", "found"), [("repeat", ([], [("reserves",)])), ("skip", ([("trying",)], []))]
)
def test_it_claims_an_event_with_its_outcome_if_it_may_be_repeated(state, net, hub, policy, found):
    """Meanwhile its file says so, once, and not for each of the ten events of a press."""
    ring(hub)
    in_hand = []

    def look(_):
        mark = rows(state, "SELECT key FROM meta WHERE key = 'reserves'")
        in_hand.append((rows(state, "SELECT state FROM inbox"), mark))

    _observe(state, net, look, lambda: outcomes(state), since_s=60, on_redelivery=policy)
    look("at the end")
    assert in_hand == [found, ([], [])]


def test_an_outcome_says_when_the_event_came(react, hub):
    """Beside when the work began: between the two it waited for its turn."""
    ring(hub, age_s=5)
    ((_, data),) = react(does(), since_s=60)
    assert 5000 <= data["received_after_ms"] <= data["started_after_ms"]


def test_an_event_is_kept_with_its_outcome_and_once(state, net, hub):
    """A run that fails keeps nothing; one that is repeated keeps no more."""
    press = ring(hub)

    def act(event):
        if event.type == PRESSED:
            keep(days=1)
            if event.attempt == 1:
                raise ValueError("not yet")
            keep(days=1)

    _observe(
        state, net, act, lambda: rows(state, "SELECT 1 FROM record"), since_s=60, backoff_s=0.01
    )
    assert rows(state, "SELECT id, type FROM record") == [(press.id, PRESSED)]


def test_what_is_kept_while_the_disk_is_full_is_written_down_after(state, net, hub, notify):
    """It goes the way of all the state: into memory, and back to the disk."""
    before, during = ring(hub), []

    def act(event):
        keep(days=1)
        if event.id == before.id:
            disk.enter_context(full_disk())
            notify.publish("handler.done", "front", {}, time=datetime.now(UTC))
        else:
            during.append(event.id)

    with ExitStack() as disk:
        _observe(state, net, act, lambda: len(during) >= 1, since_s=60)
        assert state.disk_fault
    state.clock.passed_s += WRITE_BACK_S
    state.write_back()
    assert {before.id, *during} <= {id for (id,) in rows(state, "SELECT id FROM record")}  # noqa: A001
    assert not state.disk_fault


def test_an_event_is_kept_as_it_came(state, net, hub):
    """Byte for byte, as long as its time was right; else with the time that it has by now."""
    press = ring(hub)
    _observe(state, net, lambda _: keep(days=1), lambda: outcomes(state), since_s=60)
    ((payload,),) = rows(state, "SELECT payload FROM record")
    assert payload == encode(press)


def test_an_event_is_kept_with_its_right_time(tmp_path, net):
    """The clock was set between the press and the reaction to it."""
    clock = FakeClock(synchronised=False, ahead_s=-3600.0)
    with (
        closing(opened_state(tmp_path / "hub.db", clock)) as book,
        closing(opened_state(tmp_path / "log.db", clock)) as state,
    ):
        press = ring(Producer(book, net.bus(), HUB), at=clock.utc())
        clock.ahead_s, clock.synchronised = 0.0, True
        _observe(state, net, lambda _: keep(days=1), lambda: outcomes(state), since_s=1e6)
        ((payload,),) = rows(state, "SELECT payload FROM record")
    assert decode(payload).time - press.time > timedelta(seconds=3500)


@pytest.mark.parametrize(("synchronised", "left"), [(False, 2), (True, 1)])
def test_what_was_kept_long_enough_goes(tmp_path, net, hub, synchronised, left):
    """By age; with a clock that cannot be believed nothing is called old."""
    old, new = ring(hub, age_s=3 * 86_400), ring(hub)
    with closing(opened_state(tmp_path / "log.db", FakeClock(synchronised=synchronised))) as state:
        _observe(state, net, lambda _: keep(days=2), lambda: len(outcomes(state)) >= 2, since_s=1e6)
        kept = {id for (id,) in rows(state, "SELECT id FROM record")}  # noqa: A001
    assert len(kept & {old.id, new.id}) == left
    assert new.id in kept


def test_a_handler_of_everything_reacts_to_what_it_asked_for_later(state, net, hub):
    """`later` works in it as in any other."""
    seen = []

    def act(event):
        seen.append(event.type)
        if event.type == PRESSED:
            later("log.due", 0.01)

    ring(hub)
    _observe(state, net, act, lambda: "log.due" in seen, since_s=60)


def test_only_its_doors_are_observed(state, net, hub):
    """`doors` holds for it, too."""
    seen = []
    ring(hub, "back")
    front = ring(hub, "front")
    consumer = consumer_of(
        state,
        net.bus(),
        reaction(does(lambda event: seen.append(event.id)), "*", since_s=60),
        HandlerConfig(doors=["front"]),
        source=LOG,
    )
    run_until(consumer, lambda: front.id in seen)
    assert set(seen) - {front.id} <= {event.id for event in net.events("handler.done")}
