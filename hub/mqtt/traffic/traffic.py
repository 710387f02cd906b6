"""What goes over a connection, and what the broker answers to it."""

from functools import partial
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.mqtt.connection.clients.served_client import ServedClient
from hub.mqtt.connection.limits import Limits
from hub.mqtt.guard import guarded
from hub.mqtt.message import Call, Message, OnPublished
from hub.mqtt.traffic.publications import Publications
from hub.mqtt.traffic.refusals import Refusals
from hub.mqtt.traffic.reminder import Reminder
from hub.mqtt.traffic.subscriptions import Subscriptions
from hub.mqtt.traffic.unacknowledged import Unacknowledged
from hub.system.backoff import Repeater

DRAIN_S = 1.0


class Traffic:
    """Uses the connections of a bus; see `ConnectionUser`.

    Attributes:
        limits: What this broker takes.
        on_published: See `Bus`.
        on_look: See `Bus`.
        on_retry: See `Bus`.
        publications: What is published.
        refusals: What the broker refuses now.
        reminder: Stands in for a broker that keeps nothing.
        subscriptions: What is listened to.
    """

    def __init__(self, addresses: str, hand_over: Call) -> None:
        """Prepare.

        Args:
            addresses: Of the broker, for people.
            hand_over: Called by a thread that waits for the broker's answer, before it does.
        """
        self._client: ServedClient | None = None  # of the present connection, or attempt
        self._awaited = Unacknowledged()
        self._retry = Repeater(self._offer_again, first_s=0.2, longest_s=60)
        self.limits = Limits()
        self.on_published: OnPublished = lambda _, __: None
        self.on_look: list[Call] = []
        self.on_retry: list[Call] = []
        self._hand_over = hand_over
        self.publications = Publications(self._awaited, hand_over)
        self.refusals = Refusals(addresses)
        self.reminder = Reminder()
        self.subscriptions = Subscriptions(self._awaited, self.refusals, self._retry.ask)

    def prepare(self, client: ServedClient) -> None:
        """See `ConnectionUser`."""
        self._client = client
        client.on_publish = self._published
        client.on_subscribe = self._confirmed
        client.on_message = partial(guarded, self._received)

    def begin(self, client: ServedClient, limits: Limits, address: str) -> None:
        """See `ConnectionUser`."""
        self._awaited.clear()
        self.limits = limits
        self.refusals.clear(address)
        self.subscriptions.send_all(client, limits)
        self.publications.connected(client, limits)
        self.reminder.connected(keeps=limits.keeps)

    def look(self) -> str:
        """See `ConnectionUser`."""
        for call in self.on_look:
            guarded(call)
        overdue = self._awaited.overdue()
        if not overdue:
            self.reminder.look()
        return overdue

    def end(self) -> None:
        """See `ConnectionUser`."""
        self.publications.disconnected()
        self.subscriptions.disconnected()
        for call in self.on_look:
            guarded(call)

    def drain(self, client: Client, *, is_kept: bool) -> None:
        """Wait until the broker has all that was published, and nothing more comes from it.

        Args:
            client: Of the connection.
            is_kept: Whether the broker keeps the subscriptions after its end.
        """
        self._hand_over()
        if not is_kept:
            self.subscriptions.drain(client, DRAIN_S)
        self._awaited.drain(DRAIN_S)

    def _confirmed(
        self, client: Client, _: Any, number: int, reasons: list[ReasonCode], __: Properties | None
    ) -> None:
        if client is self._client:
            self.subscriptions.confirmed(number, reasons)

    def _offer_again(self) -> None:
        """Subscribe and publish again what the broker refused."""
        self.subscriptions.send_refused()
        for call in self.on_retry:
            guarded(call)

    def _published(
        self, client: Client, _: Any, number: int, reason: ReasonCode, __: Properties | None
    ) -> None:
        if client is not self._client:
            return
        is_answer = self.limits.qos > 0  # with QoS 0 it has only been sent
        if is_answer and (reason.is_failure or self.refusals):
            topic = self._awaited.answered(number, taken=not reason.is_failure)
            if self.refusals.note("publish", topic, reason.value, str(reason)):
                self._retry.ask()
        guarded(self.on_published, number, not reason.is_failure)

    def _received(self, client: Client, _: Any, message: MQTTMessage) -> None:
        def ack() -> None:
            if client is self._client:
                client.ack(message.mid, message.qos)

        one = Message(message.topic, bytes(message.payload), message.retain, ack, message.dup)
        self.subscriptions.deliver(one)
