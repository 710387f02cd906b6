"""Login, logout, and the page of the phones."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.system.language import gettext, marked
from hub.web.forms import form_of
from hub.web.login import pages, password
from hub.web.login.attempts import Attempts
from hub.web.login.cookie import PhoneCookie
from hub.web.login.guard import LOGIN
from hub.web.login.register import Register, RegisterError
from hub.web.login.user import user_of
from hub.web.responses.responses import link

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)
WAITING = 4  # requests whose password is checked, one after another: each takes 16 MB and time
WRONG = marked("This is not the password")
TOO_OFTEN = marked("Too many wrong passwords. Try again in {} s, or use `doorbell link`")
DISK = marked("The disk of the doorbell takes nothing, so this could not be kept")


class Login:
    """The requests of `/login`, `/logout` and `/phones`."""

    def __init__(self, register: Register, cookie: PhoneCookie, attempts: Attempts) -> None:
        self._register = register
        self._cookie = cookie
        self._attempts = attempts
        self._checking = asyncio.Lock()
        self._waiting = 0

    def routes(self) -> list[Route]:
        """Its routes."""
        return [
            Route(LOGIN, self.show, methods=["GET"]),
            Route(LOGIN, self.log_in, methods=["POST"]),
            Route(f"{LOGIN}/{{code}}", self.show_first, methods=["GET"]),
            Route(f"{LOGIN}/{{code}}", self.log_in_first, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/phones", self.show_phones, methods=["GET"]),
            Route("/phones/others", self.revoke_others, methods=["POST"]),
            Route("/phones/password", self.change_password, methods=["POST"]),
            Route("/phones/{id}/name", self.rename, methods=["POST"]),
            Route("/phones/{id}/revoke", self.revoke, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form; who is logged in already is led to the page."""
        if user_of(request):
            return _go(request, "/")
        return self._form(request)

    async def log_in(self, request: Request) -> Response:
        """By the household password."""
        form = await form_of(request)
        name = form.get("name", "")
        if fault := await self._fault_in(request, form.get("password", "")):
            text, status = fault
            return self._form(request, text, status, name)
        return await self._welcome(request, name)

    async def show_first(self, request: Request) -> Response:
        """A one-time address. A preview that follows it uses nothing up."""
        if not self._register.knows(request.path_params["code"]):
            return pages.code_is_gone()
        has_password = bool(self._register.password)
        return pages.first_log_in(has_password=has_password, name=pages.name_for(request))

    async def log_in_first(self, request: Request) -> Response:
        """By a one-time address; its holder may set the password, which a person forgets."""
        form = await form_of(request)
        name, new = form.get("name", ""), form.get("new", "")
        code = request.path_params["code"]
        if not self._register.knows(code):
            return pages.code_is_gone()
        if new and (fault := password.fault_in(new)):
            has_password = bool(self._register.password)
            return pages.first_log_in(
                has_password=has_password, name=name, fault=fault, status=HTTPStatus.BAD_REQUEST
            )
        if not await _kept(self._register.use, code):
            return pages.code_is_gone()
        if new:
            await self._set_password(new)
        return await self._welcome(request, name)

    async def log_out(self, request: Request) -> Response:
        """This phone."""
        user = user_of(request)
        if user and user.phone:
            await self._revoke(request, user.phone)
        response = _go(request, LOGIN)
        self._cookie.clear(request, response)
        return response

    async def show_phones(self, request: Request) -> Response:
        """All that are logged in."""
        return self._phones(request)

    async def rename(self, request: Request) -> Response:
        """Call a phone otherwise."""
        form = await form_of(request)
        try:
            await _kept(self._register.rename, request.path_params["id"], form.get("name", ""))
        except RegisterError as error:
            return self._phones(request, str(error))
        return _go(request, "/phones")

    async def revoke(self, request: Request) -> Response:
        """Log a phone out."""
        await self._revoke(request, request.path_params["id"])
        return _go(request, "/phones")

    async def revoke_others(self, request: Request) -> Response:
        """Log out all phones but this one."""
        user = user_of(request)
        own = user.phone if user else ""
        others = [phone.id for phone in self._register.phones() if phone.id != own]
        await self._revoke(request, *others)
        return _go(request, "/phones")

    async def _revoke(self, request: Request, *ids: str) -> None:
        """Log these out. A phone that logs itself out still gets its response, as a stranger."""
        del request.state.is_known
        await _kept(self._register.revoke, *ids)

    async def change_password(self, request: Request) -> Response:
        """Set the household password; whoever changes it knows the present one."""
        form = await form_of(request)
        new = form.get("new", "")
        if fault := password.fault_in(new):
            return self._phones(request, fault)
        if self._register.password:
            found = await self._fault_in(request, form.get("password", ""))
            if found:
                return self._phones(request, found[0])
        await self._set_password(new)
        return _go(request, "/phones")

    def _form(
        self, request: Request, fault: str = "", status: int = HTTPStatus.OK, name: str = ""
    ) -> Response:
        has_password = bool(self._register.password)
        name = name or pages.name_for(request)
        return pages.log_in(has_password=has_password, name=name, fault=fault, status=status)

    def _phones(self, request: Request, fault: str = "") -> Response:
        user = user_of(request)
        own = user.phone if user else ""
        found = self._register.phones()
        has_password = bool(self._register.password)
        return pages.phones(request, found, own, has_password=has_password, fault=fault)

    async def _welcome(self, request: Request, name: str) -> Response:
        phone = await _kept(self._register.add_phone, name or pages.name_for(request))
        log.info("%r has logged in", phone.name)
        response = _go(request, "/")
        self._cookie.set(request, response, phone.id)
        return response

    async def _set_password(self, new: str) -> None:
        async with self._checking:
            hashed = await run_in_threadpool(password.hash_of, new)
        await _kept(self._register.set_password, hashed)

    async def _fault_in(self, request: Request, tried: str) -> tuple[str, int] | None:
        """Why this password does not log in, and the status of the response; None if it does."""
        address = request.client.host if request.client else ""
        kept = self._register.password
        if not kept:
            return "", HTTPStatus.FORBIDDEN
        if self._waiting >= WAITING:
            return gettext(TOO_OFTEN).format(5), HTTPStatus.TOO_MANY_REQUESTS
        if wait_s := self._attempts.begin(address):
            return gettext(TOO_OFTEN).format(int(wait_s) + 1), HTTPStatus.TOO_MANY_REQUESTS
        self._waiting += 1
        try:
            async with self._checking:
                is_right = await run_in_threadpool(password.is_right, tried, kept)
        finally:
            self._waiting -= 1
        if is_right:
            self._attempts.succeeded(address)
            return None
        log.warning("a wrong password from %s", address)
        return WRONG, HTTPStatus.FORBIDDEN


async def _kept(change: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Change the register in a thread: it waits for the disk.

    Raises:
        HTTPException: the disk takes nothing.
    """
    try:
        return await run_in_threadpool(change, *arguments, **named)
    except OSError as error:
        log.warning("the login could not be kept: %s", error)
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, DISK) from None


def _go(request: Request, path: str) -> Response:
    """Lead the browser to another page of ours, which it gets with GET."""
    return RedirectResponse(link(request, path), HTTPStatus.SEE_OTHER)
