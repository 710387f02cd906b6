"""The consumer: each event once, and every outcome is said."""

import re
import signal
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
from pydantic import Field, SecretStr

from hub import Drop, HandlerConfig, emit
from hub.consumer.deadline import hasten
from hub.producer.producer import Producer
from hub.store.inbox.inbox import Inbox
from hub.wire import streams
from tests.hub.fakes import (
    HOUSE,
    HUB,
    NOTIFY,
    PRESSED,
    consumer_of,
    cursor,
    does,
    opened_state,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
)

FRONT = HOUSE.event(HUB, PRESSED, "front")


def test_a_return_is_done_and_its_text_is_the_note(react, hub):
    """The outcome is an event that names its cause, the handler, the attempt and the times."""
    press = ring(hub, age_s=2)
    ((kind, data),) = react(does(lambda event: f"told {event.door}"), since_s=60)
    assert kind == "handler.done"
    assert {key: data[key] for key in ("handler", "type", "attempt", "redelivered", "note")} == {
        "handler": "notify",
        "type": PRESSED,
        "attempt": 1,
        "redelivered": False,
        "note": "told front",
    }
    assert 2000 <= data["started_after_ms"] < 20_000
    assert data["took_ms"] >= 0
    assert press.sequence == 1


def test_the_outcome_names_its_cause_and_belongs_to_its_trace(react, net, hub):
    """One press, one timeline."""
    press = ring(hub)
    react(does(), since_s=60)
    (done,) = net.events("handler.done")
    assert (done.cause, done.subject, done.source) == (press.id, "front", NOTIFY)
    assert done.traceparent.split("-")[1] == press.traceparent.split("-")[1]
    assert "note" not in done.data


def test_an_exception_means_later(react, hub):
    """Told with its words and its pause, tried again after it, and then it may be done."""
    ring(hub)

    def flaky(event, config):
        if event.attempt < 3:
            raise ValueError(f"not yet {event.attempt}")

    said = react(flaky, until=3, since_s=60, backoff_s=0.02)
    assert [(kind, data.get("reason"), data["attempt"]) for kind, data in said] == [
        ("handler.retried", "not yet 1", 1),
        ("handler.retried", "not yet 2", 2),
        ("handler.done", None, 3),
    ]
    assert 0.01 <= said[0][1]["again_in_s"] <= 0.02 <= said[1][1]["again_in_s"] <= 0.04


def test_after_the_last_attempt_it_is_dead(react, hub, state):
    """With the reason, kept among the dead letters; the next event is handled as usual."""
    ring(hub)

    def fail(event, config):
        raise OSError("no such host") if event.sequence == 1 else Drop("enough")

    said = react(fail, until=2, since_s=60, backoff_s=0.02, attempts=2)
    assert [(kind, data["reason"]) for kind, data in said] == [
        ("handler.retried", "no such host"),
        ("handler.dead", "no such host"),
    ]
    assert rows(state, "SELECT state, reason FROM inbox") == [("dead", "no such host")]


def test_drop_is_dead_at_once(react, hub):
    """Trying again would not help."""
    ring(hub)

    def drop(event, config):
        raise Drop("no such camera")

    ((kind, data),) = react(drop, since_s=60)
    assert (kind, data["reason"], data["attempt"]) == ("handler.dead", "no such camera", 1)


def test_what_takes_too_long_is_stopped_and_tried_again(react, hub):
    """The settings' limit counts more than the file's; the reason says what the limit was."""
    ring(hub)
    limits = []

    def hang(event, config):
        limits.append(signal.getitimer(signal.ITIMER_REAL)[0])
        if event.attempt == 1:
            hasten(0.05)
            threading.Event().wait(20)

    said = react(
        hang,
        until=2,
        since_s=60,
        backoff_s=0.02,
        timeout_s=30,
        config=HandlerConfig(timeout_s=600),
    )
    assert [(kind, data.get("reason")) for kind, data in said] == [
        ("handler.retried", "it took longer than 600 s"),
        ("handler.done", None),
    ]
    assert min(limits) > 30


@pytest.mark.parametrize(
    ("config", "rules", "kind"),
    [
        (HandlerConfig(), {"max_age_s": 60}, "handler.skipped"),
        (HandlerConfig(), {"max_age_s": 3600}, "handler.done"),
        (HandlerConfig(max_age_s=60), {}, "handler.skipped"),
        (HandlerConfig(max_age_s=3600), {"max_age_s": 60}, "handler.done"),
        (HandlerConfig(), {}, "handler.done"),
    ],
)
def test_a_stale_event_is_skipped_in_words(react, hub, config, rules, kind):
    """The handler's file may say how old an event may be, and the settings may say otherwise."""
    ring(hub, age_s=600)
    calls = []
    ((said, data),) = react(does(calls.append), since_s=6000, config=config, **rules)
    assert said == kind
    assert len(calls) == (kind == "handler.done")
    if kind == "handler.skipped":
        assert re.fullmatch(r"stale: 60\d s old, 60 s at most", data["reason"])


@pytest.mark.parametrize(
    ("rule", "kind"), [("skip", "handler.skipped"), ("repeat", "handler.done")]
)
def test_after_a_crash_the_policy_decides(tmp_path, net, hub, rule, kind):
    """An act that may have been done is repeated or not; the outcome says `redelivered` anyway."""
    press, done = ring(hub), []
    with closing(opened_state(tmp_path / "own.db")) as state:
        assert Inbox(state).claim(press)
    with closing(opened_state(tmp_path / "own.db")) as state:
        rules = reaction(does(lambda event: done.append(event.redelivered)), on_redelivery=rule)
        run_until(consumer_of(state, net.bus(), rules), lambda: outcomes(state))
        ((said, data),) = outcomes(state)
    assert (said, data["redelivered"], data["attempt"]) == (kind, True, 2)
    assert done == [True] * (rule == "repeat")


def test_other_doors_are_none_of_its_business(react, hub, state):
    """No call and no outcome, and what was passed over is not asked for again."""
    calls = []
    ring(hub, "back")
    ring(hub, "front")
    react(
        does(lambda event: calls.append(event.door)),
        since_s=60,
        config=HandlerConfig(doors=["front"]),
    )
    assert calls == ["front"]
    assert cursor(state, streams.of(HUB, PRESSED, "back")) == 1


def test_outcomes_of_outcomes_are_not_said(react, net, states):
    """A handler may listen to outcomes; an outcome of its own for each would never end."""
    other, heard = Producer(states("other"), net.bus(), "doorbell/handler/other"), []
    other.publish("handler.done", "front", {"n": 1}, time=datetime.now(UTC))

    def listen(event, config):
        heard.append(event.data)
        emit("echo.heard")

    assert [kind for kind, _ in react(listen, kinds=["handler.done"], since_s=60)] == ["echo.heard"]
    assert heard == [{"n": 1}]


def test_what_was_emitted_is_said_with_the_outcome(react, hub):
    """In one transaction, before the outcome, in the order of emitting."""
    ring(hub)

    def record(event, config):
        emit("snapshot.taken", {"path": "a"})
        emit("clip.recorded", {"path": "b"}, subject="camera")

    assert [kind for kind, _ in react(record, since_s=60)] == [
        "snapshot.taken",
        "clip.recorded",
        "handler.done",
    ]


def test_a_failed_attempt_has_said_nothing(react, hub):
    """An exception after `emit` takes it back; the attempt that succeeds says it once."""
    ring(hub)

    def record(event, config):
        emit("clip.recorded", {"attempt": event.attempt})
        if event.attempt == 1:
            raise OSError("the disk is full")

    said = react(record, until=3, since_s=60, backoff_s=0.02)
    assert [kind for kind, _ in said] == ["handler.retried", "clip.recorded", "handler.done"]
    assert said[1][1] == {"attempt": 2}


def test_an_event_in_the_queue_is_not_lost_when_it_is_to_stop(tmp_path, net, hub):
    """It was not taken, so the next process gets it from the producer."""
    calls, path = [], tmp_path / "own.db"

    def first(event, config):
        calls.append(event.sequence)
        ring(hub)
        consumer.stop()

    with closing(opened_state(path)) as state:
        consumer = consumer_of(state, bus := net.bus(), reaction(first))
        ring(hub)
        consumer.run()
        assert calls == [1]
        bus.connected.clear()
    with closing(opened_state(path)) as state:
        rules = reaction(does(lambda event: calls.append(event.sequence)))
        run_until(consumer_of(state, net.bus(), rules), lambda: len(outcomes(state)) == 2)
    assert calls == [1, 2]


def test_an_event_is_acknowledged_when_it_comes(state, net, hub):
    """A slow handler holds up no broker; what a crash takes is asked for again."""
    seen, bus = [], net.bus()

    def look(event, config):
        seen.append((bus.acknowledged.count(FRONT), len(outcomes(state))))

    consumer = consumer_of(state, bus, reaction(look))
    ring(hub)
    run_until(consumer, lambda: outcomes(state))
    assert seen == [(1, 0)]


def test_a_resource_is_given_to_who_uses_it(state, net, hub):
    """The third argument is what `uses` opened."""
    given = []

    def shoot(event, config, camera):
        given.append(camera)

    rules = reaction(shoot, uses=open)
    consumer = consumer_of(state, net.bus(), rules)
    consumer._runner._resources[rules[PRESSED]] = "camera"
    ring(hub)
    run_until(consumer, lambda: outcomes(state))
    assert given == ["camera"]


def test_no_alarm_is_left_behind(react, hub):
    """After a run the process has no deadline any more."""
    ring(hub)
    react(does(), since_s=60)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


class _WithToken(HandlerConfig):
    """Settings with a secret."""

    urls: list[SecretStr] = Field([SecretStr("https://x/botT0KEN/send")])


def test_a_secret_does_not_travel_in_a_reason(state, net, hub):
    """What a library complains of may quote a URL with its token; the outcome goes to everybody."""

    def fail(event, config):
        raise OSError(f"cannot reach {config.urls[0].get_secret_value()}")

    consumer = consumer_of(state, net.bus(), reaction(fail, since_s=60), _WithToken())
    ring(hub)
    run_until(consumer, lambda: outcomes(state))
    ((_, data),) = outcomes(state)[:1]
    assert data["reason"] == "cannot reach ********"


def test_a_handler_may_want_everything_that_ever_was(react, net, hub):
    """However large `since_s` is: its queries are valid, and get their replies."""
    press = ring(hub, age_s=3600)
    seen = []
    react(does(lambda event: seen.append(event.id)), since_s=float("inf"))
    assert seen == [press.id]
