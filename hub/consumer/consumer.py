"""The consumer loop: takes each event once, runs the handler's function, records the outcome."""

import logging
import queue
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config import JournalSettings as Limits
from hub.consumer.attempt import LiveAttempt
from hub.consumer.catchup import MUST_WAIT_S, CatchUp
from hub.consumer.deadline import Overdue, deadline, hasten
from hub.consumer.outcomes import Outcomes
from hub.mqtt.bus import Bus, Message
from hub.plugin.api import running
from hub.plugin.decorator import Drop, HandlerConfig, Reaction, reaction_to
from hub.producer.producer import Producer
from hub.store.database import WRITE_BACK_S, State
from hub.store.inbox import Delivery, Inbox
from hub.system.backoff import backoff_s
from hub.system.journald import about
from hub.system.sd_notify import Watchdog
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode

log = logging.getLogger(__name__)
LIVE_LIMIT = 1000  # live events waiting in memory; more are left to the catch-up
NOTE_LENGTH = 500
STOP_GRACE_S = 3.0
IDLE_S = 60.0
NOTHING: Mapping[str, Any] = {}
Live = tuple[Event, Message, float]  # what came, and how many seconds after it had happened


class Consumer:
    """One handler's side of the bus.

    Live events come first, then what waited for its time, then what was missed. Events of one topic are taken in
    order of their sequence, but a live one is not held back for an old one, nor a new one for one that failed.
    """

    def __init__(
        self,
        source: str,
        *,
        reactions: Mapping[str, Reaction],
        resources: Mapping[Reaction, Any],
        config: HandlerConfig,
        state: State,
        bus: Bus,
        limits: Limits | None = None,
    ) -> None:
        self._source, self._reactions, self._resources, self._config = (
            source,
            reactions,
            resources,
            config,
        )
        self._state = state
        self._inbox = Inbox(state)
        self._producer = Producer(state, bus, source, limits)
        self._outcomes = Outcomes(source, state, self._inbox, self._producer)
        self._live: queue.SimpleQueue[Live | None] = queue.SimpleQueue()
        self._refused: Counter[str] = Counter()
        self._stopping = self._settled = False
        self._watchdog = Watchdog()
        self._clock = state.clock
        first = self._inbox.first_reactions(reactions, self._clock.unix_s())
        since = {kind: first[kind] - reaction.since_s for kind, reaction in reactions.items()}
        self._catch_up = CatchUp(bus, self._inbox, source, since, self._wake)
        for kind in reactions:
            bus.subscribe(topics.event_filter(kind), self._receive)
        bus.subscribe(topics.wake("doorbell/cli/+", topics.name_of(source)), self._be_woken, qos=0)

    def run(self) -> None:
        """React until `stop` is called."""
        self._inbox.recover()
        self._producer.publish()
        while not self._stopping:
            self._step()
        self._producer.settle()

    def stop(self) -> None:
        """End soon; what runs gets a few seconds to finish. May be called from a signal handler."""
        self._stopping = True
        hasten(STOP_GRACE_S)
        self._wake()

    def _step(self) -> None:
        """Take one thing in hand, or wait for one."""
        self._watchdog.feed()
        self._state.write_back()
        item = self._next_live(0)
        if item is None and self._take_waiting():
            return
        if item is None:
            self._producer.settle()
            item = self._next_live(self._idle_s())
        if item:
            event, message, received_s = item
            self._take(event, received_s)
            message.ack()

    def _next_live(self, timeout_s: float) -> Live | None:
        try:
            return self._live.get(timeout=timeout_s) if timeout_s > 0 else self._live.get_nowait()
        except queue.Empty:
            return None

    def _take_waiting(self) -> bool:
        """What waited for its time, or a missed event; False when there is neither.

        A timer that came due while we were away waits for the news of that time: it may be superfluous by them.
        """
        self._settled = self._settled or self._catch_up.settles_in_s() == 0
        if held := self._inbox.take_due(durable=True, timers=self._settled):
            self._try(held)
            return True
        if event := self._catch_up.next_event():
            self._take(event, event.age_s(self._clock))
            return True
        return False

    def _idle_s(self) -> float:
        """How long there is surely nothing to do but wait for a live event."""
        ask_in_s = self._catch_up.ask_what_is_due()
        due_in_s = self._inbox.due_in_s(timers=self._settled)
        if not self._settled:
            ask_in_s = min(ask_in_s, self._catch_up.settles_in_s())
        longest_s = min(
            WRITE_BACK_S if self._state.disk_fault else IDLE_S, self._watchdog.every_s or IDLE_S
        )
        wait_s = min(ask_in_s, longest_s) or MUST_WAIT_S
        return wait_s if due_in_s is None else min(wait_s, due_in_s)

    def _receive(self, message: Message) -> None:
        """In the network thread: check what came, and queue it. It is acknowledged when its outcome is recorded."""
        if message.retained:
            self._refuse(message, "it is retained, and a press is never retained")
            return
        try:
            event = decode(message.payload)
        except BadEvent as error:
            self._refuse(message, str(error))
            return
        if event.topic != message.topic:
            self._refuse(message, "its topic does not fit its source, type and subject")
            return
        if self._live.qsize() < LIVE_LIMIT:
            self._live.put((event, message, event.age_s(self._clock)))
        else:
            message.ack()
            self._catch_up.ask_soon([event.type])

    def _refuse(self, message: Message, reason: str) -> None:
        """Count it, and log each reason once: a broken sender shall not fill the disk."""
        message.ack()
        self._refused[reason] += 1
        if self._refused[reason] == 1:
            log.warning(
                "refused a message on %s: %s (further ones are only counted)", message.topic, reason
            )

    def _take(self, event: Event, received_s: float) -> None:
        """First sight of an event, live or missed; it came so many seconds after it happened."""
        reaction = reaction_to(event.type, self._reactions)
        held = self._inbox.claim(
            event, durable=reaction is not None and reaction.on_redelivery == "skip"
        )
        if held is None:
            return
        if not self._inbox.is_complete_to(event):
            self._catch_up.ask_soon([event.type])
        self._try(held, {"received_after_ms": round(received_s * 1000, 3)})

    def _try(self, held: Delivery, facts: Mapping[str, Any] = NOTHING) -> None:
        """Run the reaction once, and record what became of it."""
        with about(held.event.id):
            self._try_it(held, facts)

    def _try_it(self, held: Delivery, facts: Mapping[str, Any]) -> None:
        reaction = reaction_to(held.event.type, self._reactions)
        if reaction is None:
            self._outcomes.dead(held, {}, "the handler's file no longer reacts to this type")
            return
        if not held.is_timer and self._is_none_of_ours(held.event, reaction):
            self._outcomes.forgotten(held)
            return
        if reason := self._reason_to_skip(held, reaction):
            self._outcomes.skipped(held, reason)
            return
        if held.event.attempt > reaction.attempts:
            self._outcomes.dead(held, {}, f"it crashed the handler {reaction.attempts} times")
            return
        self._run(held, reaction, facts)

    def _is_none_of_ours(self, event: Event, reaction: Reaction) -> bool:
        """Another door's, but a drill is for everybody; or, for who reacts to everything, what it has said itself."""
        own = event.source == self._source and not event.type.startswith(topics.OUTCOME_TYPES)
        doors = self._config.doors
        is_elsewhere = doors is not None and event.subject not in doors and not event.is_drill
        return is_elsewhere or (own and reaction.is_observer)

    def _reason_to_skip(self, held: Delivery, reaction: Reaction) -> str | None:
        max_age_s = (
            reaction.max_age_s
            if held.event.is_drill
            else self._config.max_age_s or reaction.max_age_s
        )
        age_s = held.event.age_s(self._clock)
        if max_age_s is not None and age_s > max_age_s and not (held.is_timer or held.any_age):
            return f"stale: {age_s:.0f} s old, {max_age_s:.0f} s at most"
        if held.event.redelivered and reaction.on_redelivery == "skip":
            return "it may have been done already, before a crash or an older copy, and this handler does not repeat it"
        return None

    def _run(self, held: Delivery, reaction: Reaction, facts: Mapping[str, Any]) -> None:
        event = self._corrected(held.event)
        attempt = LiveAttempt(event, self._source, self._state, self._inbox, self._reactions)
        arguments = (event, self._config, *((self._resources[reaction],) if reaction.uses else ()))
        limit_s = self._config.timeout_s or reaction.timeout_s
        started_s, clock = event.age_s(self._clock), time.perf_counter()
        failure: BaseException | None = None
        note = ""
        try:
            with running(attempt), self._watchdog.patient(limit_s), deadline(limit_s):
                note = _text(reaction.function(*arguments))
        except (Exception, Overdue, SystemExit) as error:  # noqa: BLE001 - the handler's code may raise anything
            failure = error
        data: dict[str, Any] = {
            **facts,
            "started_after_ms": round(started_s * 1000, 3),
            "took_ms": round((time.perf_counter() - clock) * 1000, 3),
        }
        if failure is None:
            data |= {"note": note} if note else {}
            log.log(
                logging.DEBUG if reaction.is_observer else logging.INFO,
                "%s: %s",
                event.type,
                note or "done",
            )
            self._outcomes.done(
                held, data, attempt.said, attempt.kept, quiet=_is_quiet(held.event, reaction)
            )
        else:
            self._fail(held, reaction, failure, data, limit_s)

    def _corrected(self, event: Event) -> Event:
        """The event as its handler sees it: with the right time, where it was seen before the clock was set."""
        stamp = self._clock.corrected(event.stamp)
        return replace(event, time=stamp.time, synchronised=stamp.synchronised)

    def _fail(
        self,
        held: Delivery,
        reaction: Reaction,
        failure: BaseException,
        data: dict[str, Any],
        limit_s: float,
    ) -> None:
        overdue = isinstance(failure, Overdue)
        if overdue and self._stopping:
            self._outcomes.release(held, data)
            return
        words = (
            f"it took longer than {limit_s:g} s"
            if overdue
            else self._config.without_secrets(_words(failure))
        )
        log.warning(
            "%s failed (attempt %d): %s",
            reaction.name,
            held.event.attempt,
            words,
            exc_info=_trace(held, failure),
        )
        may_be_done = overdue and reaction.on_redelivery == "skip"
        if isinstance(failure, Drop) or may_be_done or held.event.attempt >= reaction.attempts:
            self._outcomes.dead(held, data, words)
            return
        wait_s = backoff_s(held.event.attempt, reaction.backoff_s, reaction.backoff_max_s)
        self._outcomes.retried(held, data, words, wait_s)

    def _wake(self) -> None:
        self._live.put(None)

    def _be_woken(self, message: Message) -> None:
        """Somebody has put something into our inbox (`doorbell replay`)."""
        message.ack()
        self._wake()


def _is_quiet(event: Event, reaction: Reaction) -> bool:
    """Of who reacts to everything only failures are told, and what became of the hub's own events: a press shows."""
    return reaction.is_observer and not event.type.startswith(topics.HUB_TYPES)


def _words(failure: BaseException) -> str:
    if isinstance(failure, SystemExit):
        return "it called sys.exit(): a handler returns, or raises"
    return _text(failure) or type(failure).__name__


def _text(value: object) -> str:
    """What a handler returned or raised, as text that can travel: an act is never repeated because of words."""
    if value is None:
        return ""
    try:
        return str(value).encode("utf-8", "replace").decode()[:NOTE_LENGTH]
    except Exception:  # noqa: BLE001 - somebody else's __str__
        return type(value).__name__


def _trace(held: Delivery, failure: BaseException) -> BaseException | None:
    """Where it happened: once, and only for what the author did not foresee."""
    return None if isinstance(failure, Drop | Overdue) or held.event.attempt > 1 else failure
