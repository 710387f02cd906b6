"""The consumer under faults and bad messages: none ends it, and nothing is lost or repeated."""

import shutil
import threading
from contextlib import closing, nullcontext

import pytest

from hub import Drop, HandlerConfig, later, testing
from hub.consumer.deadline import hasten
from hub.store.inbox.inbox import Inbox
from hub.store.inbox.inbox_file import InboxFile
from hub.system.sd_notify import Watchdog
from hub.wire.event import encode
from tests.hub.fakes import (
    HOUSE,
    HUB,
    PRESSED,
    FakeClock,
    consumer_of,
    does,
    journaled,
    opened_state,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
    set_timer,
)

FRONT = HOUSE.event(HUB, PRESSED, "front")


def test_who_crashed_too_often_is_buried_unseen(tmp_path, net, hub):
    """An event that kills its handler does so as often as it may be tried, and no more."""
    calls = []
    with closing(opened_state(tmp_path / "own.db")) as state:
        assert Inbox(state).claim(ring(hub))
        rules = reaction(does(calls.append), attempts=1)
        run_until(consumer_of(state, net.bus(), rules), lambda: outcomes(state))
        ((kind, data),) = outcomes(state)
    (letter,) = InboxFile(tmp_path / "own.db").dead()
    assert (kind, calls) == ("handler.dead", [])
    assert data["reason"] == letter.reason == "its process died in attempt 1, the last one"
    assert data["attempt"] == letter.attempts == 1


def test_a_message_twice_is_one_event(react, net, hub):
    """Live, live again, and missed: acted on once, and every delivery is acknowledged."""
    calls = []
    net.fate = lambda topic, _: 3 if "/event/" in topic else 1
    react(
        does(lambda event: calls.append(event.id)), until=2, before=lambda: (ring(hub), ring(hub))
    )
    assert len(calls) == len(set(calls)) == 2


@pytest.mark.parametrize("fault", ["retained", "no JSON", "another topic"])
def test_what_is_no_live_event_is_refused(state, net, hub, fault, caplog):
    """Retained, malformed or on a topic that is not its own: no effect, acknowledged, told once."""
    calls, bus = [], net.bus()
    consumer = consumer_of(state, bus, reaction(does(lambda event: calls.append(event.id))))
    hub._bus.connected.clear()
    good = ring(hub)
    payload = b"?" if fault == "no JSON" else encode(good)
    topic = FRONT.replace("front", "back") if fault == "another topic" else FRONT
    for _ in range(3):
        bus.hear(topic, payload, retained=fault == "retained")
    assert bus.acknowledged == [topic] * 3
    assert caplog.text.count("refused a message") == 1
    bus.hear(FRONT, encode(good))
    run_until(consumer, lambda: outcomes(state))
    assert calls == [good.id]


def test_a_stop_while_it_runs_buries_nobody(state, net, hub):
    """What a shutdown cut off is taken up again by the next process."""

    def stopped(event, config):
        consumer.stop()
        hasten(0.05)
        threading.Event().wait(20)

    consumer = consumer_of(state, net.bus(), reaction(stopped, attempts=1))
    ring(hub)
    consumer.run()
    assert rows(state, "SELECT state FROM inbox") != [("dead",)]


def test_a_stop_just_before_it_runs_leaves_it_to_the_next_process(state, net, hub, monkeypatch):
    """Also where it must not be repeated: nothing was done yet, and it counts as no attempt."""
    acts = []
    rules = {"attempts": 1, "since_s": 60, "on_redelivery": "skip"}
    act = reaction(does(lambda event: acts.append(event.attempt)), **rules)
    consumer = consumer_of(state, net.bus(), act)

    def stop(_):
        consumer.stop()
        return nullcontext()

    ring(hub)
    with monkeypatch.context() as patched:
        patched.setattr(Watchdog, "extend", lambda _, limit_s: stop(limit_s))
        consumer.run()
    assert acts == []
    assert outcomes(state)[0][1]["reason"] == "stopped before it ran"
    run_until(consumer_of(state, net.bus(), act), lambda: len(outcomes(state)) > 1)
    assert acts == [1]


def test_what_was_gathered_with_an_event_at_a_stop_is_left_to_the_next_process(state, net, hub):
    """Each would have its whole time, and no process is given that at its stop."""
    acts = []

    def act(event):
        acts.append(event.sequence)
        consumer.stop()

    observes = reaction(does(act), "*", since_s=60)
    consumer = consumer_of(state, net.bus(), observes)
    for _ in range(3):
        ring(hub)
    consumer.run()
    assert acts == [1]
    act_on = reaction(does(lambda event: acts.append(event.sequence)), "*", since_s=60)
    run_until(consumer_of(state, net.bus(), act_on), lambda: len(acts) > 2)
    assert acts == [1, 2, 3]


def test_a_handler_that_calls_exit_has_failed(react, hub):
    """Its process lives on, and the event is tried again."""
    ring(hub)

    def leave(event, config):
        raise SystemExit(0) if event.attempt == 1 else Drop("enough")

    assert react(leave, until=2, since_s=60, backoff_s=0.02)[0][0] == "handler.retried"


class _Undecided:
    def __bool__(self):
        raise ValueError("the truth value of an array is ambiguous")


@pytest.mark.parametrize(
    "note", ["clip-\udcff.mp4", _Undecided()], ids=["surrogate", "no truth value"]
)
def test_whatever_a_handler_returns_it_is_done(react, hub, note):
    """An act is never repeated because of the words about it."""
    ring(hub)
    assert react(does(lambda _: note), since_s=60)[0][0] == "handler.done"


def test_whatever_a_handler_raises_it_is_retried(react, hub):
    """A failure whose words cannot travel is still a failure, and no crash."""
    ring(hub)

    def fail(event, config):
        raise OSError("clip-\udcff.mp4")

    assert react(fail, since_s=60)[0][0] == "handler.retried"


def test_a_message_that_cannot_be_kept_is_refused(state, net, hub):
    """One message from anybody who may publish does not end a process."""
    calls, bus = [], net.bus()
    consumer = consumer_of(state, bus, reaction(does(lambda event: calls.append(event.sequence))))
    press = ring(hub, x="HERE")
    bus.hear(
        FRONT, encode(press).replace(b'"HERE"', b"1e999").replace(b"0000000001", b"0000000007")
    )
    run_until(consumer, lambda: outcomes(state))
    assert calls == [1]


def test_a_timer_of_its_own_is_no_matter_of_doors(state, net):
    """What a handler asked itself to do later is done, whatever doors it looks after."""
    calls = []
    set_timer(state, testing.event("light.expired", "lamp"), 0.0)
    rules = reaction(does(lambda event: calls.append(event.subject)), "light.expired")
    consumer = consumer_of(state, net.bus(), rules, HandlerConfig(doors=["front"]))
    run_until(consumer, lambda: rows(state, "SELECT 1 FROM inbox") == [])
    assert calls == ["lamp"]


def test_a_type_that_the_file_no_longer_reacts_to_is_buried(state, net):
    """A retry from before the file was changed ends in words."""
    inbox = Inbox(state)
    delivery = inbox.claim(journaled(state))
    with state.write() as db:
        inbox.retry(db, delivery, 0.0)
        db.execute("DELETE FROM journal")
    consumer = consumer_of(state, net.bus(), reaction(does(), "clip.due"))
    run_until(consumer, lambda: outcomes(state))
    assert outcomes(state)[0][1]["reason"] == "the handler's file no longer reacts to this type"


def test_a_timer_that_came_due_while_nobody_ran_waits_for_the_news_of_that_time(tmp_path, net, hub):
    """Somebody answered while the handler was down: it hears of that before it escalates."""
    seen = []
    rules = reaction(
        does(lambda event: seen.append(event.type)), PRESSED, "notify.waited", since_s=60
    )
    with closing(opened_state(tmp_path / "own.db", FakeClock())) as state:
        ring(hub)
        run_until(consumer_of(state, net.bus(), rules), lambda: len(seen) == 1)
        set_timer(state, testing.event("notify.waited", "front"), 1.0)
    for bus in net._buses[1:]:
        bus.connected.clear()
    ring(hub)
    clock = FakeClock()
    clock.passed_s = 60.0
    with closing(opened_state(tmp_path / "own.db", clock)) as state:
        bus = net.bus(connected=False)
        consumer = consumer_of(state, bus, rules)
        net.later(bus.connect)
        threading.Thread(target=net.work).start()
        run_until(consumer, lambda: len(seen) == 3)
    assert seen == [PRESSED, PRESSED, "notify.waited"]


def test_a_timer_does_not_wait_for_a_broker_that_is_away(tmp_path, net, hub, monkeypatch):
    """The lamp goes off all the same, some seconds later."""
    monkeypatch.setattr("hub.consumer.catchup.time_away.SETTLE_S", 0.3)
    seen = []
    rules = reaction(
        does(lambda event: seen.append(event.type)), PRESSED, "light.expired", since_s=60
    )
    with closing(opened_state(tmp_path / "own.db", FakeClock())) as state:
        ring(hub)
        run_until(consumer_of(state, net.bus(), rules), lambda: len(seen) == 1)
        set_timer(state, testing.event("light.expired", "front"), 0.0)
    with closing(opened_state(tmp_path / "own.db", FakeClock())) as state:
        run_until(consumer_of(state, net.bus(connected=False), rules), lambda: len(seen) == 2)
    assert seen[-1] == "light.expired"


@pytest.mark.parametrize(
    ("rule", "kind"), [("skip", "handler.skipped"), ("repeat", "handler.done")]
)
def test_what_a_copied_file_may_have_forgotten_is_left_to_the_policy(
    tmp_path, net, hub, rule, kind
):
    """The file was taken back from a backup: what it does not know of may have been done before."""
    done = []
    rules = reaction(
        does(lambda event: done.append(event.redelivered)), on_redelivery=rule, since_s=60
    )
    with closing(opened_state(tmp_path / "own.db", FakeClock())):
        pass
    (tmp_path / "own.db").rename(tmp_path / "backup")
    ring(hub)
    shutil.copy(tmp_path / "backup", tmp_path / "own.db")
    with closing(opened_state(tmp_path / "own.db", FakeClock())) as state:
        run_until(consumer_of(state, net.bus(), rules), lambda: outcomes(state))
        ((said, _),) = outcomes(state)
        assert said == kind
        ring(hub)
        run_until(consumer_of(state, net.bus(), rules), lambda: len(outcomes(state)) == 2)
    assert done == [True, False][rule == "skip" :]


def test_a_timer_leaves_nothing_behind(state, net):
    """Each press has its own timer: years of them leave no row, and a renewed one stays."""
    calls = []

    def react(event):
        calls.append(event.subject)
        if len(calls) == 1:
            later("light.expired", 0.0, subject="lamp")

    set_timer(state, testing.event("light.expired", "lamp"), 0.0)
    consumer = consumer_of(state, net.bus(), reaction(does(react), "light.expired"))
    run_until(consumer, lambda: len(calls) == 2 and not rows(state, "SELECT 1 FROM inbox"))
    assert rows(state, "SELECT stream FROM head WHERE stream GLOB 'later *'") == []
