"""`doorbell-web`: the process that serves the page, answer links and press addresses."""

import argparse
import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from config import Settings
from hub.mqtt.bus import Bus
from hub.mqtt.connection import client_ids, credentials
from hub.mqtt.status import StatusPublisher, will
from hub.process.lifecycle import end_for_good, on_stop, serve
from hub.store.state import StateError
from hub.system import sd_notify
from hub.web.app import build
from hub.web.guest_book.house import House
from hub.web.guest_book.opening import open_guest_book
from hub.web.listener import listening
from hub.web.site import Site
from hub.wire import topics
from hub.wire.house_key import key_in

log = logging.getLogger(__name__)
HEAD_BYTES = 16_384
HEAD_S = 10.0  # how long a connection may take to send its first request
LIFE_S = 30.0  # of a connection: a client that sends a byte now and then must not keep it
AGAIN_S = 0.5
CONNECTIONS = 64


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
    with listening(settings) as listener, open_guest_book(settings, bus, source) as book:
        house = House(bus, settings.hub, book.changes)
        site = Site(settings, bus, source, key, book, house)
        server = Server(build(site), partial(status.set, "ready"), site.on_stop)
        on_stop(server.stop)
        bus.start()
        server.run(sockets=[listener])
    sd_notify.stopping()
    status.set("offline", "stopped")
    bus.stop()


class ImpatientProtocol(H11Protocol):
    """Closes a connection whose first request does not come soon, and one that is old.

    There are few connections. uvicorn's own limit ends with each byte that comes, also with those
    of a request that has had its response.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See H11Protocol."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_S, self._close_without_request)
        self._end = self.loop.call_later(LIFE_S, self._close_between_requests)

    def connection_lost(self, exc: Exception | None) -> None:
        """See H11Protocol."""
        self._deadline.cancel()
        self._end.cancel()
        super().connection_lost(exc)

    def _close_without_request(self) -> None:
        has_request = self.cycle is not None  # from then on timeout_keep_alive counts
        if not has_request:
            self.transport.close()

    def _close_between_requests(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self._end = self.loop.call_later(AGAIN_S, self._close_between_requests)


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
                http=ImpatientProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=5,
                h11_max_incomplete_event_size=HEAD_BYTES,
            )
        )
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
        log.info("ready")
        self._on_ready()
        sd_notify.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what has no end of its own, and wait for the other responses."""
        for stop in self._on_stop:
            stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Feed the watchdog; called ten times a second by the loop that serves."""
        self._watchdog.feed()
        return await super().on_tick(counter)


def _key_of(settings: Settings) -> str:
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        return key_in(settings.state_dir)
    except OSError as error:
        raise StateError(f"the key of the links: {error}") from None


if __name__ == "__main__":
    main()
