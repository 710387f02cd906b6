"""What a reader may do: answer, be quiet, try, keep and delete. Each is a form that posts.

The response is a redirect to the view, with a code for what became of it, so that reloading the
page does nothing again.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from uuid import NAMESPACE_URL, uuid5

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from config import Settings
from hub.plugin.house.answer_links import LABELS
from hub.remote.answer import AnswerClient
from hub.remote.confirmed import UnconfirmedError, UnsentError
from hub.remote.press import PressClient
from hub.remote.quiet import QuietClient
from hub.system.language import marked
from hub.web.forms import form_of
from hub.web.guest_book.book import GuestBook
from hub.web.login.user import user_of
from hub.web.rate_limiter import RateLimiter
from hub.web.responses.responses import path_of
from hub.web.views.drills import Drills
from hub.web.views.renderer import base_of
from hub.wire.command import BY_LENGTH, is_answer

TRIES_A_MINUTE = 6  # drills and test rings
DIGITS = 9  # of the seconds of quiet: Python refuses to read thousands of them
UNREADABLE = marked("This form cannot be read")
QUIET = {"on": "quiet", "off": "loud", "auto": "auto"}


class Actions:
    """Takes the forms. Which browser may send them at all is decided before."""

    def __init__(
        self,
        settings: Settings,
        book: GuestBook,
        *,
        answers: AnswerClient,
        presses: PressClient,
        quiet: QuietClient,
        drills: Drills,
    ) -> None:
        self._settings = settings
        self._book = book
        self._answers = answers
        self._presses = presses
        self._quiet = quiet
        self._drills = drills
        self._tries = RateLimiter(TRIES_A_MINUTE)

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            Route("/answer", self.answer, methods=["POST"]),
            Route("/quiet", self.be_quiet, methods=["POST"]),
            Route("/try", self.try_it, methods=["POST"]),
            Route("/visits/{visit}/keep", self.keep, methods=["POST"]),
            Route("/visits/{visit}/delete", self.delete, methods=["POST"]),
        ]

    async def answer(self, request: Request) -> Response:
        """Answer a visitor. The same person's same word for the same visit is one answer."""
        fields = await form_of(request)
        answer = " ".join(fields.get("answer", "").split())
        if not is_answer(answer):
            return _see(request, "", "empty")
        visit = await run_in_threadpool(self._book.visit, fields.get("visit", ""))
        if visit is None:
            return _see(request, "", "gone")
        by = _person(request)
        key = None
        if answer in LABELS:
            key = str(uuid5(NAMESPACE_URL, f"{visit.id} {answer} {by}"))

        def send() -> None:
            self._answers.answer(visit.door, answer, by=by, press=visit.id, id=key)

        return await _give(request, send, "", answer if key else "said")

    async def be_quiet(self, request: Request) -> Response:
        """Have the house quiet: `on`, `off`, `auto`, or for so many seconds."""
        fields = await form_of(request)
        word = fields.get("quiet", "")
        for_s = None
        if word.isascii() and word.isdigit() and len(word) <= DIGITS:
            for_s = float(min(int(word), 86_400))
            word = "on"
        if word not in QUIET:
            raise HTTPException(HTTPStatus.BAD_REQUEST, UNREADABLE)
        return await _give(request, lambda: self._quiet.send(word, for_s), "house", QUIET[word])

    async def try_it(self, request: Request) -> Response:
        """A drill, or a ring to test the bell."""
        fields = await form_of(request)
        door = fields.get("door", "")
        if door not in self._settings.doors:
            raise HTTPException(HTTPStatus.BAD_REQUEST, UNREADABLE)
        if not self._tries.take():
            return _see(request, "house", "often")
        if fields.get("what") == "press":
            return await _give(request, lambda: self._presses.press(door), "", "pressed")
        return await _give(request, lambda: self._drills.begin(door), "house", "drilled")

    async def keep(self, request: Request) -> Response:
        """Keep a visit until it is deleted, or no more."""
        fields = await form_of(request)
        is_wanted = fields.get("keep") == "1"
        visit = request.path_params["visit"]
        view = f"visits/{visit}"
        notice = "kept" if is_wanted else "unkept"
        keep = partial(self._book.keep, visit, on=is_wanted, by=_person(request))
        return await _give(request, keep, view, notice)

    async def delete(self, request: Request) -> Response:
        """Delete a visit with its picture and clip."""
        visit = request.path_params["visit"]
        delete = partial(self._book.delete, visit, by=_person(request))
        return await _give(request, delete, "visits", "deleted")


async def _give(request: Request, act: Callable[[], object], view: str, notice: str) -> Response:
    """Act, and show the view with what became of it."""
    try:
        await run_in_threadpool(act)
    except UnsentError:
        return _see(request, view, "unsent")
    except UnconfirmedError:
        return _see(request, view, "unconfirmed")
    return _see(request, view, notice)


def _see(request: Request, view: str, notice: str) -> Response:
    """Back to a view. The address is relative: a proxy may have put a path in front of it."""
    address = f"{base_of(path_of(request))}{view}?notice={notice}"
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def _person(request: Request) -> str:
    """Who uses this phone, as a command can say it: an emoji may hold characters that are none."""
    user = user_of(request)
    name = user.name if user else ""
    plain = "".join(one if one.isprintable() else " " for one in name)
    return " ".join(plain.split())[:BY_LENGTH]
