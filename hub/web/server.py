"""`doorbell-web`: the process that serves the page, answer links and press addresses."""

import argparse
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from config import Settings
from hub.mqtt.bus import Bus
from hub.mqtt.connection import client_ids, credentials
from hub.mqtt.status import StatusPublisher, will
from hub.process.lifecycle import end_for_good, on_stop, serve
from hub.store.state import StateError
from hub.system import sd_notify
from hub.web.app import build
from hub.web.connection import STRANGERS, Connection
from hub.web.guest_book.house import House
from hub.web.guest_book.opening import open_guest_book
from hub.web.listener import listening
from hub.web.site import Site
from hub.wire import topics
from hub.wire.tokens.house_key import key_in

log = logging.getLogger(__name__)
HEAD_BYTES = 16_384
NICENESS = 5  # it hears every press when the handlers do, and the bell comes first
TICKS = 5  # of a tenth of a second, between two looks at the connections


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="doorbell-web", description=__doc__)
    parser.add_argument("--config", type=Path, help="the settings file")
    serve("web", run, parser.parse_args().config)


def run(settings: Settings) -> None:
    """Serve until a signal ends the process.

    Raises:
        StateError: what it keeps cannot be read, or the port is taken.
    """
    source = topics.source("web", settings.hub)
    user = credentials.user("web", settings.hub)
    root = settings.broker.root
    client_id = client_ids.own(settings.state_dir, source, root)
    bus = Bus(settings.broker, client_id, will(source, root), user)
    status = StatusPublisher(bus, source, end_for_good)
    key = _key_of(settings)
    with suppress(OSError):  # in a sandbox; there the unit says it
        os.nice(NICENESS)
    with listening(settings) as listener, open_guest_book(settings, bus, source) as book:
        house = House(bus, settings.hub, book.changes)
        book.handlers = house.handler_names
        site = Site(settings, bus, source, key, book, house)
        server = Server(build(site), partial(status.set, "ready"), site.on_stop)
        on_stop(server.stop)
        bus.start()
        server.run(sockets=[listener])
    sd_notify.stopping()
    status.set("offline", "stopped")
    bus.stop()


class Server(uvicorn.Server):
    """uvicorn with our signals and our readiness. It has no access log: the paths are keys.

    Args:
        app: What it serves (ASGI 3).
        on_ready: Called when it listens.
        on_stop: Called in its loop when it stops listening.
    """

    def __init__(
        self,
        app: Any,
        on_ready: Callable[[], None],
        on_stop: Sequence[Callable[[], None]] = (),
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                # asyncio takes in up to twice so many before it reads from any
                backlog=STRANGERS // 3,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=5,
                h11_max_incomplete_event_size=HEAD_BYTES,
            )
        )
        # What clients send wrong is no news, and strangers must not fill the log.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._watchdog = sd_notify.Watchdog()

    def stop(self) -> None:
        """End soon; requests under way still get their response."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `process.lifecycle.on_stop`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and publish that it is ready."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen()  # asyncio has made its queue as short as what it takes in at once
        log.info("ready")
        self._on_ready()
        sd_notify.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what has no end of its own, and wait for the other responses."""
        for stop in self._on_stop:
            stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Feed the watchdog, and end what takes too long; called ten times a second by the loop."""
        self._watchdog.feed()
        if counter % TICKS == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.check()
        return await super().on_tick(counter)


def _key_of(settings: Settings) -> str:
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        return key_in(settings.state_dir)
    except OSError as error:
        raise StateError(f"the key of the links: {error}") from None


if __name__ == "__main__":
    main()
