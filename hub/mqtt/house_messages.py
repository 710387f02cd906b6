"""Decodes, checks or refuses the events, statuses and commands of a house, in one place."""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from hub.mqtt.message import Message, Receive
from hub.wire import command, topics
from hub.wire.codec import JSON, BadMessage
from hub.wire.command import COMMANDS, Command
from hub.wire.event import CONTENT_TYPE, Event, decode
from hub.wire.retained.quiet import QuietState
from hub.wire.retained.status import Status
from hub.wire.topics import Topics

log = logging.getLogger(__name__)
Ack = Callable[[], None]


class ReceivedCommand(NamedTuple):
    """A command for this process.

    Attributes:
        command: What is to be done.
        source: Who gave it.
        target: Whom it is for, like a hub and a door.
        ack: To be called when it has been carried out, or never will be.
        is_duplicate: See `Message`.
    """

    command: Command
    source: str
    target: tuple[str, ...]
    ack: Ack
    is_duplicate: bool = False


class ReceivedStatus(NamedTuple):
    """What a process published of itself.

    Attributes:
        source: The process.
        status: How it is; None when its status was cleared: it is no more.
        retained: The broker had kept it.
    """

    source: str
    status: Status | None
    retained: bool


class HouseMessages(ABC):
    """The listening side of a bus for what the processes of one house publish.

    A message that is not what it claims is acknowledged and refused: counted, and logged once for
    each reason, so that a broken sender does not fill the disk.

    Attributes:
        topics: The topics of this house.
        note: Called with a part of this process and what is wrong with it, for its status; with
            nothing when it is repaired.
    """

    def __init__(self, house: Topics) -> None:
        self.topics = house
        self.note: Callable[[str, str], None] = lambda _, __: None
        self._refused: Counter[str] = Counter()

    @abstractmethod
    def subscribe(
        self, topic_filter: str, receive: Receive, *, qos: int = 1, own: bool = True
    ) -> None:
        """Have messages of these topics given to `receive`."""

    @abstractmethod
    def unsubscribe(self, topic_filter: str, receive: Receive) -> None:
        """No longer give these topics to `receive`."""

    @abstractmethod
    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, content_type: str = CONTENT_TYPE
    ) -> int | None:
        """Hand a message to the network thread; None when there is no connection."""

    def on_event(
        self, kind: str, receive: Callable[[Event], None], *, qos: int = 1
    ) -> Callable[[], None]:
        """Have the events of a type given to `receive`, each acknowledged before.

        Args:
            kind: The type; `*` for all.
            receive: Called in the network thread.
            qos: 0 for events that may get lost.

        Returns:
            What ends it.
        """
        return self.on_delivery(kind, lambda event, _: receive(event), qos=qos)

    def on_delivery(
        self,
        kind: str,
        receive: Callable[[Event, bytes], None],
        *,
        qos: int = 1,
        own: bool = True,
    ) -> Callable[[], None]:
        """The same for a receiver that wants each event's payload, too.

        With `own=False` the events of this process itself need not come. They may.
        """
        take = partial(self._event, receive)
        filters = self.topics.event_filters(kind)
        ends = [self._listen(one, take, qos, own=own) for one in filters]

        def end_all() -> None:
            for end in ends:
                end()

        return end_all

    def on_status(
        self, source: str, receive: Callable[[ReceivedStatus], None]
    ) -> Callable[[], None]:
        """Have the statuses of this source, whose role and name may be `+`, given to `receive`.

        Returns:
            What ends it.
        """
        return self._listen(self.topics.status(source), partial(self._status, receive), 0)

    def on_quiet(self, source: str, receive: Callable[[QuietState], None]) -> None:
        """Have the quiet states of this hub given to `receive`."""
        self._listen(self.topics.quiet(source), partial(self._quiet, receive), 0)

    def on_command(
        self, name: str, target: str, receive: Callable[[ReceivedCommand], None]
    ) -> None:
        """Have the commands of this name for this hub, or handler, given to `receive`.

        It acknowledges each when it has carried it out.
        """
        kind = COMMANDS[name]
        levels = [target, *("+" for _ in kind.target[1:])]
        for role in kind.writers:
            topic_filter = self.topics.command(topics.source(role, "+"), name, *levels)
            self.subscribe(topic_filter, partial(self._command, name, receive), qos=kind.qos)

    def command(self, source: str, order: Command, *target: str) -> int | None:
        """Give a command; None when there is no connection."""
        topic = self.topics.command(source, command.name_of(order), *target)
        return self.publish(topic, order.encode(), content_type=JSON)

    def _listen(
        self, topic_filter: str, receive: Receive, qos: int, *, own: bool = True
    ) -> Callable[[], None]:
        self.subscribe(topic_filter, receive, qos=qos, own=own)
        return partial(self.unsubscribe, topic_filter, receive)

    def _event(self, receive: Callable[[Event, bytes], None], message: Message) -> None:
        if message.retained:
            self.refuse(message, "it is retained, and an event is never retained")
            return
        try:
            event = decode(message.payload)
        except BadMessage as error:
            self.refuse(message, str(error))
            return
        if self.topics.of_event(event) != message.topic:
            self.refuse(message, "its topic does not fit its source, type and subject")
            return
        message.ack()
        receive(event, message.payload)

    def _status(self, receive: Callable[[ReceivedStatus], None], message: Message) -> None:
        message.ack()
        source = self.topics.source_of(message.topic)
        if not message.payload:
            receive(ReceivedStatus(source, None, message.retained))
            return
        try:
            status = Status.decode(message.payload)
        except BadMessage as error:
            self.refuse(message, str(error))
            return
        receive(ReceivedStatus(source, status, message.retained))

    def _quiet(self, receive: Callable[[QuietState], None], message: Message) -> None:
        message.ack()
        try:
            state = QuietState.decode(message.payload)
        except BadMessage as error:
            self.refuse(message, str(error))
            return
        receive(state)

    def _command(
        self, name: str, receive: Callable[[ReceivedCommand], None], message: Message
    ) -> None:
        if message.retained:
            self.refuse(message, "it is retained, and a command is given once")
            return
        try:
            order = command.decode(name, message.payload)
        except BadMessage as error:
            self.refuse(message, str(error))
            return
        source, target = self.topics.source_of(message.topic), self.topics.target(message.topic)
        receive(ReceivedCommand(order, source, target, message.ack, message.is_duplicate))

    def refuse(self, message: Message, reason: str) -> None:
        """Acknowledge and count it; log each reason once."""
        message.ack()
        self._refused[reason] += 1
        if self._refused[reason] == 1:
            log.warning(
                "refused a message on %s: %s (further ones are only counted)", message.topic, reason
            )
