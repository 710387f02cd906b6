"""`doorbell-web`: where answer links lead. GET shows a page with one button, POST answers; nothing else is served."""

import argparse
import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from config import Settings, SettingsError
from hub.mqtt import credentials
from hub.mqtt.bus import Bus
from hub.mqtt.status import Status, will
from hub.plugin.answer_links import LABELS
from hub.process.lifecycle import on_stop, serve
from hub.remote.answer import AnswerClient, AnswerError
from hub.store.database import StateError
from hub.system import sd_notify
from hub.web.page import HEADERS, Page, render
from hub.wire import topics
from hub.wire.answer_token import ExpiredError, ForgedError, SignedToken, Signer, key_in

log = logging.getLogger(__name__)
TICKET_BYTES = 1024
BODY_BYTES = 1024  # a form with nothing in it has none
HEAD_BYTES = 16_384
HEAD_S = 10.0  # for the first request to be whole
CONNECTIONS = 64
FORGED_A_MINUTE = 30


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="doorbell-web", description=__doc__)
    parser.add_argument("--config", type=Path, help="the settings file")
    serve("web", run, parser.parse_args().config)


def run(settings: Settings) -> None:
    """Listen for phones until told to stop."""
    if settings.web.url is None:
        raise SettingsError(
            ["[web] url is not set: there is nothing to serve. Set it to the links' public address"]
        )
    source = topics.source("web", settings.hub)
    bus = Bus(
        settings.broker,
        f"doorbell-web-{settings.hub}",
        will(source),
        credentials.user("web", settings.hub),
    )
    status = Status(bus, source)
    door = AnswerPage(settings, _seal(settings), AnswerClient(bus, settings, source))
    with _listening(settings) as listener:
        server = _Server(door.app(), partial(status.set, "ready"))
        on_stop(server.stop)
        bus.start()
        server.run(sockets=[listener])
    sd_notify.stopping()
    status.set("offline", "stopped")
    bus.stop()


class AnswerPage:
    """What is answered to whom. Nothing here logs a link: whoever reads it could answer."""

    def __init__(self, settings: Settings, seal: Signer, answerer: AnswerClient) -> None:
        self._settings, self._seal, self._answerer = settings, seal, answerer
        self._forged = RateLimiter(FORGED_A_MINUTE)

    def app(self) -> Starlette:
        """The routes, and a plain page for whatever goes wrong."""
        routes = [
            Route("/a/{ticket}", self.ask, methods=["GET"]),
            Route("/a/{ticket}", self.take, methods=["POST"]),
        ]
        return Starlette(
            routes=routes, exception_handlers={HTTPException: _refused, Exception: _failed}
        )

    async def ask(self, request: Request) -> Response:
        """The page: a preview that follows the link answers nothing."""
        ticket = self._ticket(request)
        door = self._settings.door_name(ticket.door)
        return _show(
            request, 200, Page(door, "Answer the visitor:", _label(ticket)), door=ticket.door
        )

    async def take(self, request: Request) -> Response:
        """The answer: told when the hub has said it."""
        ticket = self._ticket(request)
        more = {"by": ticket.by, "press": ticket.press, "id": ticket.id}
        try:
            event = await run_in_threadpool(
                self._answerer.answer, ticket.door, ticket.answer, **more
            )
        except AnswerError as error:
            log.warning("an answer was not passed on: %s", error)
            raise HTTPException(
                503, "The house does not answer now. Try again: it counts once"
            ) from None
        door = self._settings.door_name(ticket.door)
        return _show(
            request,
            200,
            Page(door, f"The house knows: {_label(ticket)}"),
            door=ticket.door,
            event=event.id,
        )

    def _ticket(self, request: Request) -> SignedToken:
        """The ticket in the address. Forged ones are counted; a good one is taken however many forged ones come."""
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES:
            raise HTTPException(
                413, "That is too much: this page takes a press of its button, and nothing else"
            )
        text = request.path_params["ticket"]
        try:
            ticket = self._seal.open(
                text if len(text) <= TICKET_BYTES else "", self._settings.web.expire_s
            )
        except ExpiredError:
            raise HTTPException(410, "This link is too old. Nobody was told anything") from None
        except ForgedError:
            raise self._no_ticket() from None
        if ticket.hub != self._settings.hub or ticket.door not in self._settings.doors:
            raise HTTPException(
                410, "This link is for a door that is no longer there. Nobody was told anything"
            )
        return ticket

    def _no_ticket(self) -> HTTPException:
        if not self._forged.take():
            return HTTPException(
                429, "Too many links that are none. Try again in a minute", {"Retry-After": "60"}
            )
        log.warning("somebody tried a link that is not from this house")
        return HTTPException(403, "This link is not from this house, or a part of it is missing")


class RateLimiter:
    """So many in a minute, and no more. Not for each address: behind a proxy all phones have the same."""

    def __init__(self, a_minute: int) -> None:
        self._most, self._left, self._at = float(a_minute), float(a_minute), time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether there is one left."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self._most, self._left + (now - self._at) * self._most / 60)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class _Hasty(H11Protocol):
    """A connection that ends when it has not asked for anything soon: the few there may be are for those who ask."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See H11Protocol."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """See H11Protocol."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if (
            self.cycle is None
        ):  # not one request was whole by now; after the first one timeout_keep_alive counts
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn with our signals, and a word when it listens. No access log: the paths are keys."""

    def __init__(self, app: Starlette, on_ready: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Hasty,
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
        self._on_ready, self._watchdog = on_ready, sd_notify.Watchdog()

    def stop(self) -> None:
        """End soon; who waits for an answer still gets it."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are ours: see `process.on_stop`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the house when phones can come."""
        await super().startup(sockets)
        log.info("ready")
        self._on_ready()
        sd_notify.ready()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second, in the loop that serves."""
        self._watchdog.feed()
        return await super().on_tick(counter)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    where = (settings.web.listen, settings.web.port)
    family = socket.AF_INET6 if ":" in settings.web.listen else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(where)
        except OSError as error:
            words = error.strerror or str(error)
            raise StateError(
                f"[web] cannot listen on {where[0]} port {where[1]}: {words}. Set another one"
            ) from None
        yield listener


def _seal(settings: Settings) -> Signer:
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        return Signer(key_in(settings.state_dir))
    except OSError as error:
        raise StateError(f"the key of the answer links: {error}") from None


def _label(ticket: SignedToken) -> str:
    return LABELS.get(ticket.answer, ticket.answer.replace("_", " ").capitalize())


def _show(request: Request, status: int, page: Page, headers: Any = None, **facts: str) -> Response:
    """HTML for who asks for it, as browsers do; JSON for everybody else, as ntfy is."""
    headers = {**HEADERS, **(headers or {}), "Vary": "Accept"}
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(render(page), status, headers)
    is_ok = status < HTTPStatus.BAD_REQUEST
    text = f"{page.title}: {page.text}"
    return JSONResponse({"ok": is_ok, "text": text, **facts}, status, headers)


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "There is nothing here", 405: "That cannot be done here"}
    text = words.get(status) or str(getattr(error, "detail", ""))
    return _show(request, status, Page("Doorbell", text), getattr(error, "headers", None))


def _failed(request: Request, _: Exception) -> Response:
    return _show(
        request, 500, Page("Doorbell", "Something went wrong here. Nobody was told anything")
    )


if __name__ == "__main__":
    main()
