"""The pages behind answer links: GET shows a page with one button, POST answers."""

import logging
from http import HTTPStatus
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config import Settings
from hub.plugin.house.answer_links import LABELS
from hub.remote.confirmed import UnconfirmedError
from hub.system.language import gettext as _
from hub.system.language import marked
from hub.web.rate_limiter import RateLimiter
from hub.web.responses.page import Page
from hub.web.responses.responses import show
from hub.wire.event import Event
from hub.wire.tokens.answer_token import SignedToken, Signer
from hub.wire.tokens.timed_signer import ExpiredError, ForgedError

log = logging.getLogger(__name__)
TOKEN_LENGTH = 1024
BODY_BYTES = 1024  # an empty form has no body
INVALID_A_MINUTE = 30
INVALID_LINK = marked("This link is invalid or incomplete")
TOO_MANY = marked("Too many invalid links. Try again in a minute")
TOO_LARGE = marked("Too much data. This page takes a press of its button only")
EXPIRED = marked("This link has expired. Nothing was sent")
DOOR_GONE = marked("This link is for a door that no longer exists. Nothing was sent")
NO_HUB = marked("The doorbell does not respond now. Try again: your answer is sent only once")
ASKED = marked("Answer the visitor:")


class Answers(Protocol):
    """Whatever passes an answer on to the hub: `AnswerClient`."""

    def answer(
        self,
        door: str,
        answer: str,
        *,
        by: str = "",
        press: str = "",
        id: str | None = None,  # noqa: A002
    ) -> Event:
        """See `AnswerClient`."""


class AnswerPage:
    """The page of an answer link. It never logs a link: anyone who reads a link can answer."""

    def __init__(self, settings: Settings, signer: Signer, answers: Answers) -> None:
        self._settings = settings
        self._signer = signer
        self._answers = answers
        self._invalid = RateLimiter(INVALID_A_MINUTE)

    def routes(self) -> list[Route]:
        """Its routes."""
        return [
            Route("/a/{token}", self.ask, methods=["GET"]),
            Route("/a/{token}", self.take, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Show the page. A preview that follows the link answers nothing."""
        token = self._token(request)
        page = Page(self._settings.door_name(token.door), ASKED, _label(token))
        return show(request, HTTPStatus.OK, page, door=token.door)

    async def take(self, request: Request) -> Response:
        """Answer the visitor, and show it when the hub has confirmed the answer."""
        token = self._token(request)
        more = {"by": token.by, "press": token.press, "id": token.id}
        try:
            event = await run_in_threadpool(self._answers.answer, token.door, token.answer, **more)
        except UnconfirmedError as error:
            log.warning("the hub did not take an answer: %s", error)
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, NO_HUB) from None
        page = Page(
            self._settings.door_name(token.door), _("Sent: %(answer)s") % {"answer": _label(token)}
        )
        return show(request, HTTPStatus.OK, page, door=token.door, event=event.id)

    def _token(self, request: Request) -> SignedToken:
        """The signed token in the address. Only invalid ones count for the rate limit.

        Raises:
            HTTPException: it is invalid, expired or of a door that no longer exists.
        """
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
        text = request.path_params["token"]
        if len(text) > TOKEN_LENGTH:
            raise self._invalid_link()
        try:
            token = self._signer.verify(text, self._settings.web.expire_s)
        except ExpiredError:
            raise HTTPException(HTTPStatus.GONE, EXPIRED) from None
        except ForgedError:
            raise self._invalid_link() from None
        if token.hub != self._settings.hub or token.door not in self._settings.doors:
            raise HTTPException(HTTPStatus.GONE, DOOR_GONE)
        return token

    def _invalid_link(self) -> HTTPException:
        if not self._invalid.take():
            headers = {"Retry-After": "60"}
            return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY, headers)
        log.warning("an invalid link was refused")
        return HTTPException(HTTPStatus.FORBIDDEN, INVALID_LINK)


def _label(token: SignedToken) -> str:
    label = LABELS.get(token.answer)
    return _(label) if label else token.answer.replace("_", " ").capitalize()
