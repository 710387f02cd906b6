"""What a connection listens to: kept over reconnects, and sent again in each connection."""

from collections.abc import Sequence
from typing import Any

from paho.mqtt.client import topic_matches_sub
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.mqtt.guard import guarded
from hub.mqtt.message import Message, Receive, Subscription


class Subscriptions:
    """The filters and their receivers. The caller holds a lock while it changes them."""

    def __init__(self) -> None:
        self._all: list[Subscription] = []

    def add(self, topic_filter: str, receive: Receive, qos: int) -> list[Subscription]:
        """Keep one more; returns it, to be sent."""
        self._all.append(Subscription(topic_filter, receive, qos))
        return self._all[-1:]

    def remove(self, topic_filter: str, receive: Receive) -> bool:
        """Forget one; returns whether nothing else wants its filter."""
        self._all = [
            one for one in self._all if (one.topic_filter, one.receive) != (topic_filter, receive)
        ]
        return all(one.topic_filter != topic_filter for one in self._all)

    def all(self) -> list[Subscription]:
        """All of them, in order."""
        return self._all

    def filters(self) -> list[str]:
        """Each filter once."""
        return list(dict.fromkeys(one.topic_filter for one in self._all))

    def deliver(self, message: Message) -> None:
        """Give a message to each receiver of its topic once; without one, acknowledge it."""
        found = [
            one.receive for one in self._all if topic_matches_sub(one.topic_filter, message.topic)
        ]
        for receive in dict.fromkeys(found):
            guarded(receive, message)
        if not found:
            message.ack()


def packet(subscriptions: Sequence[Subscription], *, five: bool) -> list[tuple[str, Any]]:
    """The filters of a SUBSCRIBE packet and their options, as paho takes them."""
    wanted = {one.topic_filter: one.qos for one in subscriptions}
    return [(name, SubscribeOptions(qos=qos) if five else qos) for name, qos in wanted.items()]
