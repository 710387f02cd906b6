"""Pictures on the broker: of a visitor, or of now, for pages, phones and Home Assistant."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.plugin.picture.kept_pictures import KeptPictures
from hub.plugin.picture.order import Make, Order, made, send
from hub.wire import topics
from hub.wire.event import BadEvent, Event
from hub.wire.retained.picture import MOST_BYTES, PictureFacts

log = logging.getLogger(__name__)
Take = Callable[[str, int], bytes]
LEAST_BYTES = 4_000
OVERHEAD_BYTES = 1_000  # of a message, beside its picture: topic and properties
ATTEMPTS = 4  # a broker that hangs up over a picture must not be made to do so for ever
PRIVACY_S = 1.0
FILES_S = 10.0  # how often it is seen whether the file of a picture is still there
AGAIN_S = 2.0
REQUESTS = 20  # that wait; whoever sends more gets no picture


class Pictures:
    """Publishes pictures in a thread of its own, and clears those that must not be kept."""

    def __init__(self) -> None:
        self._bus: Bus | None = None
        self._source = ""
        self._hub = ""
        self._kept = KeptPictures()
        self._orders: dict[str, Order] = {}  # by topic: only the newest one counts
        self._requests: set[tuple[str, str]] = set()  # hub and door
        self._private: Callable[[], str | None] | None = None
        self._take: Take | None = None
        self._most_bytes = MOST_BYTES
        self._lock = threading.Lock()
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def attach(self, bus: Bus, source: str, hub: str, state_dir: Path) -> None:
        """Use this process's connection, and clear what an earlier one should have cleared.

        Args:
            bus: The connection.
            source: This handler.
            hub: The hub whose doors are meant where an event does not say it.
            state_dir: Where a file says which pictures the broker keeps.
        """
        self._bus, self._source, self._hub = bus, source, hub
        self._kept = KeptPictures(state_dir / f"{topics.name_of(source)}.pictures.json")
        bus.on_connect.append(self._wake)
        if [*self._kept]:
            self._start()

    def publish(
        self,
        event: Event,
        jpeg: bytes | Make,
        *,
        retain: bool = True,
        file: Path | None = None,
        keep_days: float | None = None,
    ) -> None:
        """Publish a picture of the door that an event is about. It does not wait.

        It is published on `ROOT/handler/NAME/picture/HUB/DOOR`. Without a broker the newest one
        waits for it. Outside a handler's process nothing happens.

        Args:
            event: What it shows, like a press.
            jpeg: The picture, or what makes it: called in another thread with the most bytes that
                it may have (120,000, or less where the broker takes less). It may raise whatever
                it likes: then there is no picture.
            retain: Whether the broker keeps it, in place of the picture before.
            file: The file that it was made from: when that is removed, the picture is cleared.
            keep_days: After so many days a broker with MQTT 5 removes it by itself, even if this
                handler is no more.

        Raises:
            BadEvent: the event is a drill: the picture would be taken for a visitor's.
        """
        if event.is_drill:
            raise BadEvent("pictures.publish in a dry run: others would take it for a visitor's")
        if self._bus is None:
            return
        is_from_hub = topics.role_of(event.source) == "hub"
        hub = topics.name_of(event.source) if is_from_hub else self._hub
        topic = self._bus.topics.picture(self._source, hub, event.subject)
        make = jpeg if callable(jpeg) else lambda _: jpeg
        order = Order(make, PictureFacts(event.id, event.time), retain, keep_days)
        with self._lock:
            if retain:
                self._kept.add(topic, file)
            self._orders[topic] = order
        self._start()

    def clear(self) -> None:
        """Clear all pictures of this handler that the broker keeps."""
        with self._lock:
            for topic in self._kept:
                self._orders[topic] = Order()
        if self._orders:
            self._start()

    @contextmanager
    def on_demand(
        self, take: Take, private: Callable[[], str | None] = lambda: None
    ) -> Iterator[None]:
        """While this lasts, obey the command `snapshot`, and keep no picture while it is private.

        A picture that was taken on demand is not retained: nobody rang.

        Args:
            take: Called in another thread with a door and the most bytes that the JPEG may have;
                gives the JPEG. It may raise whatever it likes: then there is no picture.
            private: Says why nothing may be seen now; None when it may. Called once a second.
        """
        self._take, self._private = take, private
        if self._bus:
            self._bus.on_command("snapshot", topics.name_of(self._source), self._asked)
            self._start()
        try:
            yield
        finally:
            self._take = self._private = None

    def _asked(self, command: ReceivedCommand) -> None:
        """In the network thread."""
        command.ack()
        _, hub, door = command.target
        is_name = topics.is_name(hub) and topics.is_name(door)
        if is_name and len(self._requests) < REQUESTS:
            self._requests.add((hub, door))
            self._wake()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
            self._thread.start()
        self._wake()

    def _wake(self) -> None:
        if self._thread:
            self._wakes.put(None)

    def _work(self) -> None:
        while True:
            self._clear_what_must_not_be_kept()
            while self._requests:
                self._snapshot(*self._requests.pop())
            for topic, order in tuple(self._orders.items()):
                self._deliver(topic, order)
            self._pause()

    def _pause(self) -> None:
        pause_s = AGAIN_S if self._orders else FILES_S
        if self._private and [*self._kept]:
            pause_s = PRIVACY_S
        try:
            self._wakes.get(timeout=pause_s)
        except queue.Empty:
            return

    def _clear_what_must_not_be_kept(self) -> None:
        is_private = self._private is not None and self._private() is not None
        for topic in [*self._kept] if is_private else self._kept.orphans():
            with self._lock:
                waiting = self._orders.get(topic)
                if waiting is None or waiting.make:
                    self._orders[topic] = Order()

    def _snapshot(self, hub: str, door: str) -> None:
        """Once: who asked is waiting now."""
        take, bus = self._take, self._bus
        if take is None or bus is None:
            return
        topic = bus.topics.picture(self._source, hub, door)
        if jpeg := made(partial(take, door), self._limit(bus), topic):
            order = Order(facts=PictureFacts("", datetime.now(UTC)), retain=False)
            send(bus, topic, jpeg, order)

    def _deliver(self, topic: str, order: Order) -> None:
        """Publish it, if there is a broker; what could not be published is tried again."""
        bus = self._bus
        if bus is None or not bus.connected.is_set():
            return
        payload: bytes | None = b""
        if order.make:
            payload = made(order.make, self._limit(bus), topic)
        if payload is None:
            self._done(topic, order)
            return
        if send(bus, topic, payload, order):
            self._done(topic, order)
            return
        order.failures += 1
        if order.make and order.failures > 1:
            log.warning("the broker did not take a picture of %d bytes", len(payload))
            self._most_bytes = len(payload) // 2
        if order.make and order.failures >= ATTEMPTS:
            self._done(topic, order)

    def _limit(self, bus: Bus) -> int:
        return max(LEAST_BYTES, min(self._most_bytes, bus.limits.packet_limit - OVERHEAD_BYTES))

    def _done(self, topic: str, order: Order) -> None:
        with self._lock:
            if self._orders.get(topic) is not order:
                return  # a newer one came meanwhile
            del self._orders[topic]
            if order.make is None:
                self._kept.remove(topic)


pictures = Pictures()
