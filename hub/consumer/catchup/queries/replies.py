"""The replies that wait to be read, and what none of them may say."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

from hub.mqtt.bus import Bus, Message
from hub.wire import streams, topics
from hub.wire.codec import BadMessage
from hub.wire.query import Reply

BACKLOG = 1000  # replies that wait; of one more the sender is asked again, alone
BACKLOG_BYTES = 4_194_304


class Replies:
    """Takes replies from the network thread, and keeps a bounded number for the consumer's."""

    def __init__(self, bus: Bus, source: str, wake: Callable[[], None]) -> None:
        """Begin to listen.

        Args:
            bus: To listen on.
            source: The consumer.
            wake: Called when there is a reply.
        """
        self._bus = bus
        self._wake = wake
        self._waiting: deque[Message] = deque()
        self._dropped: deque[str] = deque(maxlen=BACKLOG)
        self._bytes_in = 0  # counted by the network thread
        self._bytes_out = 0  # counted by the consumer's thread
        everybody = topics.source("+", "+")
        bus.subscribe(bus.topics.reply(everybody, topics.consumer_of(source)), self._receive, qos=0)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._dropped)

    def next(self) -> Message | None:
        """The oldest one; None when none waits."""
        try:
            message = self._waiting.popleft()
        except IndexError:
            return None
        self._bytes_out += len(message.payload)
        return message

    def dropped(self) -> Iterator[str]:
        """The sources of replies for which there was no room."""
        with suppress(IndexError):
            while True:
                yield self._dropped.popleft()

    def _receive(self, message: Message) -> None:
        """In the network thread: keep it for later."""
        message.ack()
        size = len(message.payload)
        if size > Reply.MAX_BYTES:
            return
        if len(self._waiting) < BACKLOG and self._bytes_in - self._bytes_out < BACKLOG_BYTES:
            self._waiting.append(message)
            self._bytes_in += size
        else:
            self._dropped.append(self._bus.topics.source_of(message.topic))
        self._wake()


def check(reply: Reply, kind: str, sender: str) -> None:
    """Refuse a reply about what is not the sender's own, or what nobody asked for.

    Args:
        reply: What was received.
        kind: The event type that was asked for.
        sender: Below whose topics it was published.

    Raises:
        BadMessage: it is one.
    """
    if sender != reply.source:
        raise BadMessage("it replies for somebody else")
    if not topics.may_come_from(topics.role_of(sender), kind):
        raise BadMessage("its sender may not publish such events")
    told = [head.stream for head in reply.heads] + [event.stream for event, _ in reply.events]
    told += [stream for stream, _, _ in reply.withheld]
    for stream in told:
        if streams.source_of(stream) != sender or not streams.is_of(stream, kind):
            raise BadMessage("it has streams that are not its own, or that nobody asked for")
    if any(head.after > head.last for head in reply.heads):
        raise BadMessage("a head is malformed")
    owed = {(head.stream, head.epoch): head for head in reply.heads}
    numbers = [event.key for event, _ in reply.events]
    for stream, epoch, sequence in (*numbers, *reply.withheld):
        head = owed.get((stream, epoch))
        if head is None or not head.after < sequence <= head.last:
            raise BadMessage("it has events that it does not owe, by its own heads")
