"""All rooms of doorbell-web as one application, and what holds for every request."""

from collections.abc import Callable, Iterable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hub.web.body_limit import BodyLimit
from hub.web.links import routes as links
from hub.web.live import routes as live
from hub.web.login.attempts import Attempts
from hub.web.login.cookie import PhoneCookie
from hub.web.login.guard import Guard
from hub.web.login.proxy import Proxies
from hub.web.login.routes import Login
from hub.web.metrics import routes as metrics
from hub.web.push import routes as push
from hub.web.responses.headers import SecurityHeaders
from hub.web.responses.readers_language import ReadersLanguage
from hub.web.responses.responses import show_fault, show_refusal
from hub.web.site import Site
from hub.web.talk import routes as talk
from hub.web.views import routes as views

Room = Callable[[Site], Iterable[BaseRoute]]
# The rooms of the page. A room never imports this module.
PAGE: tuple[Room, ...] = (metrics.routes, views.routes, live.routes, talk.routes, push.routes)


def build(site: Site) -> Starlette:
    """The application of this house.

    Raises:
        StateError: a room cannot read what it keeps.
    """
    web = site.settings.web
    cookie = PhoneCookie(site.key)
    routes: list[BaseRoute] = [*links.routes(site), *metrics.health(site)]
    guards = [Middleware(Proxies, web=web)]
    if web.page is not False:
        routes += Login(site.register, cookie, Attempts()).routes()
        routes += [route for room in PAGE for route in room(site)]
        guards.append(Middleware(Guard, register=site.register, cookie=cookie))
    return assemble(routes, guards)


def assemble(routes: Iterable[BaseRoute], guards: Iterable[Middleware] = ()) -> Starlette:
    """These routes, with the headers, limits and plain error pages that all of them have."""
    return Starlette(
        routes=list(routes),
        middleware=[
            Middleware(ReadersLanguage),
            Middleware(SecurityHeaders),
            Middleware(BodyLimit),
            *guards,
        ],
        exception_handlers={
            HTTPException: show_refusal,
            ClientDisconnect: _nobody_reads,
            Exception: show_fault,
        },
    )


def _nobody_reads(_: Request, __: Exception) -> Response:
    """The client is gone, or was too slow: no fault of ours, and nothing to log."""
    return Response(status_code=HTTPStatus.REQUEST_TIMEOUT)
