"""The consumer: takes in each event once, live or missed, and gives it to the runner."""

import queue
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from config import JournalSettings
from hub.consumer.catchup.catchup import MUST_WAIT_S, CatchUp
from hub.consumer.catchup.live_queue import LiveQueue
from hub.consumer.deadline import hasten
from hub.consumer.outcomes import Outcomes
from hub.consumer.runner import Runner
from hub.consumer.succession import Succession
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.plugin.decorator import Reaction
from hub.plugin.handler_config import HandlerConfig
from hub.producer.producer import Producer
from hub.store.cursors import Cursors
from hub.store.file.memory_fallback import WRITE_BACK_S
from hub.store.inbox.inbox import Delivery, Inbox
from hub.store.state import State
from hub.system.sd_notify import Watchdog
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.query import OwedEvent

STOP_GRACE_S = 3.0
IDLE_S = 60.0
GATHER_S = 0.1  # nobody waits for an observer: what comes in this time shares its commits
READ_S = 0.005  # what has come meanwhile is read; what comes later than that is left
GATHERED = 50
Live = tuple[Event, bytes, float]  # an event, its payload, its age in seconds when it came


class Consumer:
    """One handler's side of the bus.

    Live events come first, then what waited for its time, then what was missed. The events of one
    topic are taken in order of their sequence, but a live event does not wait for a missed one,
    nor a new event for one that failed. An observer takes what comes within a moment together.
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
        limits: JournalSettings | None = None,
    ) -> None:
        self._source = source
        self._bus = bus
        self._state = state
        self._clock = state.clock
        self._inbox = Inbox(state)
        self._cursors = Cursors(state)
        self._producer = Producer(state, bus, source, limits)
        self._watchdog = Watchdog()
        self._outcomes = Outcomes(source, state, self._inbox, self._producer)
        self._runner = Runner(
            source,
            reactions=reactions,
            resources=resources,
            config=config,
            records=self._outcomes,
            watchdog=self._watchdog,
            clock=state.clock,
        )
        self._live: LiveQueue[Live] = LiveQueue(bus.end_wait)
        self._stopping = False
        self._settled = False
        # What an observer publishes would else make it publish again: it hears nothing of that.
        self._is_observer = any(reaction.is_observer for reaction in reactions.values())
        if self._is_observer:
            self._cursors.forget_source(source)
        self._gathers = self._is_observer and all(
            reaction.on_redelivery == "repeat" for reaction in reactions.values()
        )
        first = self._cursors.first_reactions(reactions, self._clock.unix_s())
        since = {
            kind: max(0.0, first[kind] - reaction.since_s) for kind, reaction in reactions.items()
        }
        self._catch_up = CatchUp(bus, self._cursors, source, since, self._live.wake)
        bus.on_look.append(state.sync_soon)  # a claim waits no longer, however long the reaction
        for kind in reactions:
            bus.on_delivery(kind, self._receive, own=not self._is_observer)
        bus.on_command("wake", topics.name_of(source), self._be_woken)

    def run(self) -> None:
        """React until `stop` is called."""
        self._inbox.recover()
        self._producer.publish_waiting()
        while not self._stopping:
            self._step()
        self._inbox.close()
        self._producer.settle()

    def stop(self) -> None:
        """End soon: a running attempt gets a few seconds. May be called from any thread."""
        self._stopping = True
        self._runner.is_stopping = True
        hasten(STOP_GRACE_S)
        self._live.wake()

    def _receive(self, event: Event, payload: bytes) -> None:
        """In the network thread."""
        if self._is_observer and event.source == self._source:
            return
        if not self._live.offer((event, payload, event.age_s(self._clock))):
            self._catch_up.ask_soon([event.type])
        if self._gathers and self._live.qsize() <= 1:
            self._bus.pause(GATHER_S / 2)

    def _step(self) -> None:
        """Handle one thing, or wait for one."""
        self._watchdog.feed()
        self._state.write_back()
        live = self._next_live(0)
        if live is None:
            due_in_s = self._due_in_s()
            if self._take_waiting(due_in_s):
                return
            self._producer.settle()
            live = self._next_live(self._idle_s(due_in_s))
        if live:
            self._take_live([live, *self._gather()])

    def _next_live(self, timeout_s: float) -> Live | None:
        """A live event; None when none comes in this time, or there is something else to do."""
        if timeout_s:
            self._bus.wait(timeout_s, self._live.filled)
        try:
            return self._live.get_nowait()
        except queue.Empty:
            return None

    def _gather(self) -> list[Live]:
        """What else has come a moment later, if nobody waits for this handler's reactions.

        While missed events wait, it takes what is there.
        """
        more: list[Live] = []
        if self._gathers:
            if not self._catch_up.is_under_way():
                self._bus.rest(GATHER_S)
                self._read_on()
            while len(more) < GATHERED and (live := self._next_live(0)):
                more.append(live)
        return more

    def _read_on(self) -> None:
        """Read as long as one event follows another."""
        known = -1
        while known < self._live.qsize() < GATHERED:
            known = self._live.qsize()
            self._bus.wait(READ_S, partial(self._has_more_than, known))

    def _has_more_than(self, known: int) -> bool:
        return self._live.qsize() > known

    def _take_live(self, lives: Sequence[Live]) -> None:
        """Claim live events that come for the first time, and run them."""
        far = [live for live in lives if self._catch_up.doubts.is_far(live[0])]
        if far:
            self._catch_up.ask_soon({event.type for event, *_ in far})
        near = [live for live in lives if live not in far]
        claimed = self._take_in([(event, payload) for event, payload, _ in near])
        self._run([(event, age_s) for event, _, age_s in near], claimed)

    def _take_missed(self, first: OwedEvent) -> None:
        """Claim missed events that come for the first time, and run them."""
        owed = [first]
        while self._gathers and len(owed) < GATHERED and (more := self._catch_up.next_event()):
            owed.append(more)
        claimed = self._take_in(owed, missed=True)
        succession = Succession(self._inbox, self._catch_up, self._may_go_on)
        with self._outcomes.in_succession(succession.claim_next):
            while owed:
                taken = [(event, event.age_s(self._clock)) for event, _ in owed]
                self._run(taken, claimed, missed=True)
                owed, claimed = succession.claimed()

    def _take_in(
        self, events: Sequence[tuple[Event, bytes | None]], *, missed: bool = False
    ) -> list[Delivery | None]:
        """Claim events that come for the first time; an observer claims with its outcomes."""
        take = self._inbox.reserve if self._gathers else self._inbox.claim_all
        return take(events, missed=missed)

    def _may_go_on(self) -> bool:
        """Whether nothing is to be done before the next missed event."""
        return not self._gathers and not self._stopping and self._live.empty()

    def _run(
        self,
        taken: Sequence[tuple[Event, float]],
        claimed: Sequence[Delivery | None],
        *,
        missed: bool = False,
    ) -> None:
        """Run what was claimed of the events that were taken, each with its age when it came."""
        doubts = self._catch_up.doubts
        runs = []
        for (event, age_s), first in zip(taken, claimed, strict=True):
            delivery = first
            if delivery is None and (other := doubts.other(event)):
                delivery = self._inbox.claim(other, missed=missed)
            if delivery is None:
                continue
            doubts.took(delivery.event)
            if delivery.is_behind:
                self._catch_up.ask_soon([event.type])
            runs.append((delivery, {"received_after_ms": round(age_s * 1000, 3)}))
        self._runner.run_all(runs)

    def _due_in_s(self) -> float | None:
        """In how many seconds something is due that waits for its time; None where nothing waits.

        A timer that came due while the process was away waits for the events of that time: they
        may make it superfluous.
        """
        self._settled = self._settled or self._catch_up.settles_in_s() == 0
        return self._inbox.due_in_s(with_timers=self._settled)

    def _take_waiting(self, due_in_s: float | None) -> bool:
        """Run what waited for its time, or a missed event; False when there is neither."""
        is_due = due_in_s == 0
        if is_due and (delivery := self._inbox.take_due(with_timers=self._settled)):
            self._runner.run(delivery)
            return True
        if owed := self._catch_up.next_event():
            self._take_missed(owed)
            return True
        return False

    def _idle_s(self, due_in_s: float | None) -> float:
        """How long only a live event can come, in seconds."""
        ask_in_s = self._catch_up.ask_what_is_due()
        if not self._settled:
            ask_in_s = min(ask_in_s, self._catch_up.settles_in_s())
        is_disk_bad = self._state.disk_fault or self._producer.is_held_up
        longest_s = WRITE_BACK_S if is_disk_bad else IDLE_S
        longest_s = min(longest_s, self._watchdog.every_s or IDLE_S)
        wait_s = min(ask_in_s, longest_s) or MUST_WAIT_S
        return wait_s if due_in_s is None else min(wait_s, due_in_s)

    def _be_woken(self, received: ReceivedCommand) -> None:
        """Another process has put something into this inbox (`doorbell replay`)."""
        received.ack()
        self._live.wake()
