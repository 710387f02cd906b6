"""The embedded broker of `doorbell run`, for a house without one. It keeps nothing."""

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from amqtt.broker import Broker

from hub.system.log.logs import set_up_logs

log = logging.getLogger(__name__)
LOOK_S = 0.005


def main() -> None:
    """Serve MQTT 3.1.1 on the loopback interface until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.mqtt.own_broker.embedded_broker", description=__doc__
    )
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    set_up_logs("WARNING", "broker")
    # amqtt logs each 5.0 CONNECT that it refuses as an error. Clients try one, and it is no fault.
    for name in ("amqtt", "transitions", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(serve(port))


class _Subscriptions(dict[str, Any]):
    """The subscriptions by topic filter; amqtt sees them as they were when it began to look.

    amqtt 0.12.1 gives other clients their turn while it goes through them, for each new client and
    for each message. If one of them subscribed or left then, the new client would be left with an
    open, deaf connection, or the other clients would lose the message (RuntimeError).
    """

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self.keys()))

    def items(self) -> Any:
        """All filters, each with who subscribed to it."""
        return [(topic_filter, tuple(who)) for topic_filter, who in super().items()]


class _Broker(Broker):  # type: ignore[misc]
    """amqtt's broker, with two faults of its version 0.12.1 mended.

    It gives a new client what is retained for the subscriptions of every client. And when a client
    disconnects, it drops the messages that it has acknowledged to it and not yet passed on.
    """

    async def _client_message_loop(self, client_session: Any, handler: Any) -> None:
        accepted = client_session.delivered_message_queue
        handler.wait_disconnect = partial(_wait_passed_on, handler.wait_disconnect, accepted)
        await super()._client_message_loop(client_session, handler)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> None:
        subscribed = self._subscriptions.get(subscription[0], [])
        if any(one.client_id == session.client_id for one, _ in subscribed):
            await super()._publish_retained_messages_for_subscription(subscription, session)


async def _wait_passed_on(
    wait_disconnect: Callable[[], Awaitable[Any]], accepted: "asyncio.Queue[Any]"
) -> Any:
    """Wait for a client's end, and then until the last of its messages is on its way."""
    end = await wait_disconnect()
    while not accepted.empty():  # noqa: ASYNC110 - amqtt's queue tells nobody when it is empty
        await asyncio.sleep(LOOK_S)
    return end


async def serve(port: int) -> None:
    """Run until a signal ends the process, at once: SIGTERM, or Ctrl-C when nobody supervises us.

    amqtt's own shutdown waits for its clients, and one that does not read would keep the process,
    and its port, for ever (seen with 0.12.1). Nothing is lost by that: it keeps nothing.
    """
    broker = _Broker(
        {
            "listeners": {
                "default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 200}
            },
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    broker._subscriptions = _Subscriptions()  # noqa: SLF001 - see there
    await broker.start()
    is_supervised = "DOORBELL_SUPERVISED" in os.environ
    signal.signal(signal.SIGINT, signal.SIG_IGN if is_supervised else signal.SIG_DFL)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
