"""Who may see what, decided for all rooms in one place."""

import logging
from functools import partial
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.system.language import marked
from hub.web.login.cookie import PhoneCookie
from hub.web.login.register import Register
from hub.web.login.same_origin import SAFE, is_from_our_page
from hub.web.login.user import User
from hub.web.rate_limiter import RateLimiter
from hub.web.responses.page import Page
from hub.web.responses.responses import accepts_html, link, path_of, show

log = logging.getLogger(__name__)
# Each address is a key of its own, so no cookie counts here.
LINKS = ("/a/", "/p/", "/push/picture/")
LOGIN = "/login"
# What strangers may read. Nothing of the house stands in it.
OPEN = (*LINKS, f"{LOGIN}/", "/static/", "/icons/")
OPEN_FILES = (LOGIN, "/healthz", "/metrics", "/favicon.ico", "/manifest.webmanifest", "/worker.js")
LOG_IN = marked("Log in first: `doorbell link` on the doorbell's machine prints an address")
LOGGED_A_MINUTE = 10  # strangers must not fill the log
UNDER_WAY = 120  # requests of logged-in phones: their responses may last
TOO_MANY = marked("Too many windows of this page are open. Close one")
FROM_ELSEWHERE = marked(
    "This request came from another page, so nothing was done. Load the page anew"
)


class Guard:
    """Lets a request through to the rooms, with its `User` in the scope (ASGI 3 middleware).

    `/metrics` has its own rule, see there.
    """

    def __init__(self, app: ASGIApp, register: Register, cookie: PhoneCookie) -> None:
        self._app = app
        self._register = register
        self._cookie = cookie
        self._under_way = 0
        self._logged = RateLimiter(LOGGED_A_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        path = path_of(request)
        if path.startswith(LINKS):
            await self._app(scope, receive, send)
            return
        user = self._user(request)
        scope["user"] = user
        refusal = None
        if request.method not in SAFE and not is_from_our_page(request):
            if self._logged.take():
                log.warning("a request to %s from another page was refused", path)
            refusal = show(request, HTTPStatus.FORBIDDEN, Page("Doorbell", FROM_ELSEWHERE))
        elif user is None and not (path.startswith(OPEN) or path in OPEN_FILES):
            refusal = self._ask_to_log_in(request)
        elif user and self._under_way >= UNDER_WAY:
            refusal = show(request, HTTPStatus.SERVICE_UNAVAILABLE, Page("Doorbell", TOO_MANY))
        if refusal:
            await refusal(scope, receive, send)
            return
        send = await self._renewing(request, user, send)
        if user is None:
            await self._app(scope, receive, send)
            return
        # `hub.web.connection` gives it time, as long as the phone stays logged in.
        request.state.is_known = partial(self._is_still_in, user)
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1

    def _user(self, request: Request) -> User | None:
        id_ = self._cookie.id_in(request)
        if id_ and (phone := self._register.phone(id_)):
            return User(phone.name, phone.id)
        name = request.state.proxied_user
        return User(name) if name else None

    def _is_still_in(self, user: User) -> bool:
        """Whether a phone was not logged out while it gets a response that lasts."""
        try:
            return not user.phone or self._register.phone(user.phone) is not None
        except OSError:
            return False

    def _ask_to_log_in(self, request: Request) -> Response:
        if request.method in SAFE and accepts_html(request):
            return RedirectResponse(link(request, LOGIN), HTTPStatus.SEE_OTHER)
        return show(request, HTTPStatus.UNAUTHORIZED, Page("Doorbell", LOG_IN))

    async def _renewing(self, request: Request, user: User | None, send: Send) -> Send:
        """A `send` that gives the cookie anew, once a day: browsers forget one after 400 days."""
        phone = self._register.phone(user.phone) if user and user.phone else None
        if phone is None or not self._register.is_due(phone):
            return send
        try:
            await run_in_threadpool(self._register.note_seen, phone.id)
        except OSError as error:
            log.warning("when %s was seen could not be written: %s", phone.name, error)
            return send
        cookie = Response()
        self._cookie.set(request, cookie, phone.id)
        given = [pair for pair in cookie.raw_headers if pair[0] == b"set-cookie"]

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *given]
            await send(message)

        return send_with_cookie
