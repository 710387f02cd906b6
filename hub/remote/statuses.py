"""What the processes of a house say of themselves, as the broker keeps it."""

import threading
import time

from config import Settings
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedStatus
from hub.mqtt.own_broker.address import with_running_broker
from hub.wire import topics
from hub.wire.retained.status import Status

CONNECTED_S = 3.0
QUIET_S = 0.5  # after so long without a status the broker has sent all that it keeps


def handlers(settings: Settings) -> dict[str, Status]:
    """The status of each handler by its name; empty where no broker is known.

    Raises:
        ConnectionError: no broker answers; its text says why, and what to do.
    """
    settings = with_running_broker(settings)
    if settings.broker.host is None:
        return {}
    bus = Bus(settings.broker)
    bus.start()
    try:
        if not bus.connected.wait(CONNECTED_S):
            raise ConnectionError(bus.absence)
        return kept(bus, "handler")
    finally:
        bus.stop()


def unanswered(bus: Bus, hub: str, asked_by: str) -> str:
    """Why a hub does not answer, for people: it is not running, or there is no such hub.

    Args:
        bus: The connection.
        hub: The name of the hub.
        asked_by: The source that gave the command; only the command line may see the statuses.
    """
    hubs = kept(bus, "hub") if topics.role_of(asked_by) == "cli" else {}
    if hubs and hub not in hubs:
        names = ", ".join(sorted(hubs))
        return f"no hub is called {hub!r} here. There are: {names}. Set hub in the settings"
    return f"the hub {hub!r} does not answer. Is it running? `doorbell run` shows it"


def kept(bus: Bus, role: str) -> dict[str, Status]:
    """The statuses of all processes of a role that a connected broker keeps, by name."""
    found: dict[str, Status] = {}
    news = threading.Event()

    def note(received: ReceivedStatus) -> None:
        if received.status:
            found[topics.name_of(received.source)] = received.status
        news.set()

    bus.on_status(topics.source(role, "+"), note)
    deadline = time.monotonic() + CONNECTED_S
    while news.wait(QUIET_S) and time.monotonic() < deadline:
        news.clear()
    return dict(found)
