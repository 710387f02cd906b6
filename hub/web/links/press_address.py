"""The addresses that ring: a device calls one with GET or POST."""

import logging
import re
from http import HTTPStatus
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config import Settings
from hub.remote.confirmed import UnconfirmedError
from hub.remote.press_links import PressLink, PressLinks
from hub.system.language import marked
from hub.web.links.press_ids import PressIds
from hub.web.rate_limiter import RateLimiter
from hub.web.responses.page import Page
from hub.web.responses.responses import PRESS_PATH, accepts_html, show
from hub.wire.event import Event

log = logging.getLogger(__name__)
PRESSES_A_MINUTE = 30  # of each link
INVALID_A_MINUTE = 30
INVALID = marked("This address is invalid, incomplete or revoked. Nothing rang")
DOOR_GONE = marked("This address is for a door that no longer exists. Nothing rang")
TOO_OFTEN = marked("Too often. Nothing rang")
NO_HUB = marked(
    "The doorbell does not respond now. Try again: it is still the same press for a minute"
)
# Chats and mail programs fetch a link that was sent to somebody, to show what is behind it. Those
# that do not ask for HTML name themselves.
PREVIEW = re.compile(
    r"bot\b|crawl|spider|preview|facebookexternalhit|whatsapp|slack|telegram|discord|skype|viber",
    re.IGNORECASE,
)
PREFETCH = ("purpose", "sec-purpose", "x-purpose", "x-moz", "sec-fetch-mode")  # browsers only


class Presses(Protocol):
    """Whatever passes a press on to the hub: `PressClient`."""

    def press(self, door: str, press_id: str | None = None) -> Event:
        """See `PressClient`."""


class PressAddress:
    """Rings for devices. It never logs an address: anyone who reads one can ring."""

    def __init__(
        self,
        settings: Settings,
        links: PressLinks,
        ids: PressIds,
        presses: Presses,
    ) -> None:
        self._settings = settings
        self._links = links
        self._ids = ids
        self._presses = presses
        self._invalid = RateLimiter(INVALID_A_MINUTE)
        self._limits: dict[str, RateLimiter] = {}

    def route(self) -> Route:
        """Its route. HEAD, which Starlette adds to GET, is refused in `take`."""
        return Route(f"{PRESS_PATH}{{token}}", self.take, methods=["GET", "POST"])

    async def take(self, request: Request) -> Response:
        """Ring, and say so when the hub has confirmed it.

        A browser or a preview that only looks (GET) gets a page with one button.
        """
        if request.method == "HEAD":
            allowed = {"Allow": "GET, POST"}
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=allowed)
        link = await run_in_threadpool(self._link, request)
        name = self._settings.door_name(link.door)
        if request.method == "GET" and _only_looks(request):
            page = Page(name, marked("Nothing rang yet."), button=marked("Ring"))
            return show(request, HTTPStatus.OK, page)
        if not self._limits.setdefault(link.name, RateLimiter(PRESSES_A_MINUTE)).take():
            raise _too_many(TOO_OFTEN)
        await run_in_threadpool(self._ring, link)
        return show(request, HTTPStatus.OK, Page(name, marked("The bell rang.")))

    def _ring(self, link: PressLink) -> None:
        """Ring, and wait for the hub's confirmation.

        Raises:
            HTTPException: there was none.
        """
        press_id = self._ids.id_for(link.name)
        try:
            self._presses.press(link.door, press_id)
        except UnconfirmedError as error:
            log.warning("the hub did not take a press of the link %s: %s", link.name, error)
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, NO_HUB) from None
        self._ids.confirm(link.name, press_id)

    def _link(self, request: Request) -> PressLink:
        """The link of the address. Only invalid ones count for their rate limit.

        Raises:
            HTTPException: it is invalid, revoked, or of a door that no longer exists.
        """
        link = self._links.find(request.path_params["token"])
        if link is None:
            raise self._refusal()
        if link.door not in self._settings.doors:
            raise HTTPException(HTTPStatus.GONE, DOOR_GONE)
        return link

    def _refusal(self) -> HTTPException:
        if not self._invalid.take():
            return _too_many(TOO_OFTEN)
        log.warning("an invalid or revoked press address was refused")
        return HTTPException(HTTPStatus.FORBIDDEN, INVALID)


def _only_looks(request: Request) -> bool:
    """Whether a GET comes from a browser, or from a program that shows what is behind a link."""
    if accepts_html(request) or any(name in request.headers for name in PREFETCH):
        return True
    return bool(PREVIEW.search(request.headers.get("user-agent", "")))


def _too_many(text: str) -> HTTPException:
    return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, text, {"Retry-After": "60"})
