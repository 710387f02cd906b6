"""Lets a handler talk to devices on the broker, such as lamps: publish, ask and follow."""

import queue
import threading
from collections.abc import Callable

from devices.device_error import DeviceError
from hub.mqtt.bus import Bus, Message

DELIVERY_S = 5.0


class BrokerAwayError(DeviceError, ConnectionError):
    """There is no broker now, or it does not answer; try again later."""


class Link:
    """Talks to lamps, plugs and sensors on the broker. Nothing here is kept or repeated."""

    def __init__(self) -> None:
        self._bus: Bus | None = None
        self._lock = threading.Lock()

    def attach(self, bus: Bus) -> None:
        """Use this process's connection."""
        self._bus = bus

    def publish(self, topic: str, payload: str, *, wait: bool = True) -> None:
        """Publish a message, and wait until the broker has it.

        Args:
            topic: Where the device listens.
            payload: The message.
            wait: False in what `follow` and `on_connect` call, which must not wait. The message is
                lost then if there is no broker.

        Raises:
            ConnectionError: there is no broker now, or it does not answer; try again later.
        """
        timeout_s = DELIVERY_S if wait else 0.0
        is_there = self._bus and self._bus.deliver(topic, payload.encode(), timeout_s=timeout_s)
        if wait and not is_there:
            raise BrokerAwayError("no connection to the broker, or it does not answer")

    def ask(
        self,
        topic: str,
        payload: str,
        answer_topic: str,
        timeout_s: float = 2.0,
        wanted: Callable[[str], bool] = lambda _: True,
    ) -> str | None:
        """Publish a message, and wait for one on `answer_topic`; None when none came in time.

        A retained message is no answer: the device may have lost its power since.

        Args:
            topic: Where the device listens.
            payload: The question.
            answer_topic: Where it answers; wildcards may be used.
            timeout_s: How long to wait, in seconds.
            wanted: Whether this text is the answer, where others come there, too. It is called in
                the network thread.

        Raises:
            ConnectionError: there is no broker now; try again later.
        """
        answers: queue.SimpleQueue[str] = queue.SimpleQueue()

        def receive(message: Message) -> None:
            message.ack()
            text = message.payload.decode(errors="replace")
            if not message.retained and wanted(text):
                answers.put(text)

        if self._bus is None:
            raise BrokerAwayError("no connection to the broker")
        with self._lock:
            self._bus.subscribe(answer_topic, receive, qos=0)
            try:
                self.publish(topic, payload)
                return answers.get(timeout=timeout_s)
            except queue.Empty:
                return None
            finally:
                self._bus.unsubscribe(answer_topic, receive)

    def follow(self, topic: str, hear: Callable[[str], None], *, retained: bool = True) -> None:
        """Give every message of this topic to `hear` as long as the process lives.

        `hear` is called in the network thread and must be short. Outside a handler's process it is
        never called.

        Args:
            topic: Where the device publishes; wildcards may be used.
            hear: Takes the text of a message.
            retained: Whether it gets a retained message, too, which then comes first. That one may
                be old.
        """

        def receive(message: Message) -> None:
            message.ack()
            if retained or not message.retained:
                hear(message.payload.decode(errors="replace"))

        if self._bus:
            self._bus.subscribe(topic, receive)

    def on_connect(self, call: Callable[[], None]) -> None:
        """Call this now, if there is a connection, and after each further one.

        What was followed before may have changed meanwhile: ask the device here, with
        `publish(..., wait=False)`. It is called in the network thread and must be short.
        """
        if self._bus:
            self._bus.on_connect.append(call)
            if self._bus.connected.is_set():
                call()


link = Link()
