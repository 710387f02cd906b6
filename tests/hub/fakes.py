"""A bus in memory with the interface of the real one, and what else the tests share."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from paho.mqtt.client import topic_matches_sub

from hub.consumer.consumer import Consumer
from hub.mqtt.bus import Message
from hub.mqtt.connection.limits import Limits
from hub.mqtt.house_messages import HouseMessages
from hub.mqtt.traffic.refusals import Refusals
from hub.plugin.decorator import MARK, Reaction, handler
from hub.plugin.handler_config import HandlerConfig
from hub.producer.producer import Producer
from hub.store.inbox import timers
from hub.store.journal.journal import Journal
from hub.store.state import State
from hub.system.clock import SYSTEM, Clock
from hub.wire import streams
from hub.wire.event import Event, decode, encode
from hub.wire.topics import Topics
from tests.house import ROOT, until

HUB = "doorbell/hub/home"
BARN = "doorbell/hub/barn"  # another one
NOTIFY = "doorbell/handler/notify"
PRESSED = "doorbell.pressed"
HOUSE = Topics()
Fate = Callable[[str, bytes], int]


class FakeBroker:
    """Delivers at once and keeps nothing.

    Attributes:
        fate: Asked for each message how often it arrives: 0 loses it, 2 doubles it, -1 keeps it
            until `release`.
        heard: Everything published, in order.
    """

    def __init__(self) -> None:
        self.fate: Fate = lambda _, __: 1
        self.heard: list[tuple[str, bytes]] = []
        self.kept: list[tuple[str, bytes, bool]] = []
        self._buses: list[FakeBus] = []
        self._work: deque[Callable[[], None]] = deque()
        self._network = threading.RLock()
        self._working = False

    def bus(self, *, connected: bool = True, root: str = HOUSE.root) -> "FakeBus":
        bus = FakeBus(self, Topics(root))
        self._buses.append(bus)
        if connected:
            bus.connected.set()
        return bus

    def take(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.heard.append((topic, payload))
        times = self.fate(topic, payload)
        if times < 0:
            self.kept.append((topic, payload, retained))
        for _ in range(times):
            self.later(lambda: self._deliver(topic, payload, retained))
        self.work()

    def release(self, order: Iterable[int] | None = None) -> None:
        """Deliver what was kept, in this order."""
        kept, self.kept = self.kept, []
        for number in range(len(kept)) if order is None else order:
            self.later(lambda message=kept[number]: self._deliver(*message))
        self.work()

    def later(self, work: Callable[[], None]) -> None:
        self._work.append(work)

    def work(self) -> None:
        """Like the network thread: one thing after the other, never one inside another."""
        with self._network:
            if self._working:
                return
            self._working = True
            try:
                while self._work:
                    self._work.popleft()()
            finally:
                self._working = False

    def events(self, kind: str) -> list[Event]:
        levels = kind.replace(".", "/")
        return [decode(payload) for topic, payload in self.heard if f"/event/{levels}/" in topic]

    def _deliver(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        for bus in self._buses:
            if bus.connected.is_set():
                bus.hear(topic, payload, retained=retained)


class FakeBus(HouseMessages):
    """One connection to the broker in memory.

    Attributes:
        acknowledges: Whether the broker takes what we publish (True), refuses it (False) or says
            nothing (None).
        acknowledged: The topics of the messages that were acknowledged, in order.
    """

    protocol = "5.0"
    address = "memory"
    absence = "no broker at memory. Is `doorbell run` or your broker running?"
    has_reason = False

    def __init__(self, broker: FakeBroker, house: Topics = HOUSE) -> None:
        super().__init__(house)
        self.broker = broker
        self.connected = threading.Event()
        self.on_connect: list[Callable[[], None]] = []
        self.on_retry: list[Callable[[], None]] = []
        self.on_look: list[Callable[[], None]] = []
        self.on_remind: list[Callable[[], None]] = []
        self.refusals = Refusals(self.address)
        self.on_published: Callable[[int, bool], None] = lambda _, __: None
        self.acknowledges: bool | None = True
        self.acknowledged: list[str] = []
        self.retained: list[str] = []
        self.properties: list[dict[str, Any]] = []  # of what was delivered, by paho's names
        self._subscriptions: list[tuple[str, Callable[[Message], None]]] = []
        self._number = 0
        self._woken = threading.Event()

    def wait(self, seconds: float, is_done: Callable[[], bool]) -> None:
        if not is_done():
            self._woken.wait(seconds)
        self._woken.clear()

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def pause(self, seconds: float) -> None:
        """Nothing is read here."""

    def end_wait(self) -> None:
        self._woken.set()

    def rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def subscribe(
        self,
        topic_filter: str,
        receive: Callable[[Message], None],
        *,
        qos: int = 1,  # noqa: ARG002
        own: bool = True,  # noqa: ARG002
    ) -> None:
        self._subscriptions.append((topic_filter, receive))

    receive_maximum = 65_535
    limits = Limits()

    def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        timeout_s: float,  # noqa: ARG002
        retain: bool = False,
        **mqtt5: Any,
    ) -> bool:
        self.properties.append(mqtt5)
        return self.publish(topic, payload, retain=retain) is not None

    def unsubscribe(self, topic_filter: str, receive: Callable[[Message], None]) -> None:
        self._subscriptions = [
            pair for pair in self._subscriptions if pair != (topic_filter, receive)
        ]

    def filters(self) -> list[str]:
        return [topic_filter for topic_filter, _ in self._subscriptions]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, **_: str) -> int | None:
        if not self.connected.is_set():
            return None
        self._number += 1
        number, taken = self._number, self.acknowledges
        if retain:
            self.retained.append(topic)
        if taken is not None:
            self.broker.later(lambda: self.on_published(number, taken))
        self.broker.take(topic, payload)
        return number

    def hear(
        self, topic: str, payload: bytes, *, retained: bool = False, again: bool = False
    ) -> None:
        """Give a message to each receiver once; `again`: it is marked as sent before."""
        found = [receive for one, receive in self._subscriptions if topic_matches_sub(one, topic)]
        for receive in dict.fromkeys(found):
            ack = partial(self.acknowledged.append, topic)
            receive(Message(topic, payload, retained, ack, again))

    def connect(self) -> None:
        """A new connection: what was under way in the old one is forgotten."""
        self.connected.set()
        for call in self.on_connect:
            self.broker.later(call)
        self.broker.work()


UP_S = 10 * 86_400.0


def opened_state(path: Path, clock: Clock = SYSTEM) -> State:
    """A state in which what waits for a sync is called before `after_sync` returns."""
    state = State(path, clock)
    after_sync = state.after_sync

    def wait(call: Callable[[], object]) -> None:
        synced = threading.Event()
        after_sync(synced.set)
        synced.wait()
        call()

    state.after_sync = wait  # type: ignore[method-assign]
    return state


class FakeClock(Clock):
    """Two clocks that can be set apart from each other: the wall clock may jump, the other goes on.

    Its machine has been up for ten days more than the real one: a test may look as far back.
    """

    def __init__(
        self, *, boot: str = "a" * 16, ahead_s: float = 0.0, synchronised: bool = True
    ) -> None:
        super().__init__()
        self.boot, self.synchronised = boot, synchronised
        self.knows_boot = True
        self.ahead_s = ahead_s  # of the real wall clock
        self.passed_s = 0.0  # since it was made, beyond what really passed
        self._rebooted_at = 0.0
        self._stands_at: tuple[float, float] | None = None

    def stand(self, beside: "FakeClock | None" = None) -> "FakeClock":
        """From now on only `passed_s` moves it, however long the machine takes over the test.

        It stands at this moment, or at that of the clock that stands beside it.
        """
        self._stands_at = (beside or self)._now()
        return self

    def unix_s(self) -> float:
        return self._now()[0] + self.ahead_s + self.passed_s

    def uptime_s(self) -> float:
        return self._since_boot_s() - self._rebooted_at

    def is_synchronised(self) -> bool:
        return self.synchronised

    def reboot(self, *, machine: str = "a" * 8, synchronised: bool = True) -> None:
        """The same machine or another one, a moment after it was switched on."""
        self._rebooted_at = self._since_boot_s() - 1.0
        self.boot = machine + os.urandom(4).hex()
        self.synchronised = synchronised

    def _since_boot_s(self) -> float:
        return self._now()[1] + UP_S + self.passed_s

    def _now(self) -> tuple[float, float]:
        """By the machine's two clocks, or when it was told to stand."""
        return self._stands_at or (super().unix_s(), super().uptime_s())


def ring(
    producer: Producer,
    subject: str = "front",
    *,
    age_s: float = 0.0,
    at: datetime | None = None,
    **data: Any,
) -> Event:
    """One press: at that time, or that long ago."""
    seen = (at or datetime.now(UTC)) - timedelta(seconds=age_s)
    return producer.publish(PRESSED, subject, data, time=seen)


def journaled(
    state: State, kind: str = PRESSED, subject: str = "front", source: str = HUB, **more: Any
) -> Event:
    """One event in a journal, not published."""
    time = more.pop("time", datetime.now(UTC))
    with state.write() as db:
        return Journal(state, source).append(
            db, kind, subject, more.pop("data", {}), time=time, **more
        )[0]


def set_timer(state: State, event: Event, wait_s: float) -> None:
    """What `later` does when the run has succeeded."""
    state.do(lambda db: timers.set_timer(db, state.clock, event, wait_s, encode(event)))


def does(act: Callable[[Event], Any] = lambda _: None) -> Callable[..., Any]:
    """A handler's function that does this with the event."""

    def react(event: Event, config: HandlerConfig) -> Any:
        return act(event)

    return react


def reaction(function: Callable[..., Any], *types: str, **rules: Any) -> dict[str, Reaction]:
    """What the loader makes of a decorated function."""
    made: Reaction = getattr(handler(*(types or (PRESSED,)), **rules)(function), MARK)
    return dict.fromkeys(made.types, made)


def consumer_of(
    state: State,
    bus: FakeBus,
    reactions: Mapping[str, Reaction],
    config: HandlerConfig | None = None,
    **more: Any,
) -> Consumer:
    settings = config or HandlerConfig()
    return Consumer(
        more.pop("source", NOTIFY),
        reactions=reactions,
        resources=more,
        config=settings,
        state=state,
        bus=bus,
    )


def run_until(
    consumer: Consumer,
    condition: Callable[[], Any],
    what: Callable[[], str] | str = "the consumer gets there",
) -> None:
    """Run it in this thread, where deadlines work, until the condition is true."""
    failures: list[BaseException] = []
    ended = threading.Event()

    def watch() -> None:
        try:
            until(lambda: ended.is_set() or condition(), what)
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            failures.append(error)
        finally:
            consumer.stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        consumer.run()
    finally:
        ended.set()
        watcher.join()
    if failures:
        raise failures[0]


def outcomes(state: State) -> list[tuple[str, Mapping[str, Any]]]:
    """Type and data of what stands in a journal, in order."""
    with state.read() as db:
        rows = db.execute("SELECT payload FROM journal ORDER BY position").fetchall()
    return [(event.type, event.data) for event in (decode(payload) for (payload,) in rows)]


def rows(state: State, query: str) -> list[tuple[Any, ...]]:
    with state.read() as db:
        return db.execute(query).fetchall()


def python(program: str, *arguments: str | Path, **more: Any) -> "subprocess.Popen[str]":
    """A small program of its own, with our packages at hand."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def cursor(state: State, stream: str = streams.of(HUB, PRESSED, "front")) -> int | None:
    found = [
        sequence
        for (found, sequence) in rows(state, "SELECT stream, sequence FROM cursor")
        if found == stream
    ]
    return found[0] if found else None
