"""All rooms of doorbell-web as one application, and what holds for every request."""

from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from hub.web.headers import SecurityHeaders
from hub.web.links import routes as links
from hub.web.responses import show_fault, show_refusal
from hub.web.site import Site

Room = Callable[[Site], Iterable[BaseRoute]]
# Each room's routes. A room never imports this module.
ROOMS: tuple[Room, ...] = (links.routes,)


def build(site: Site) -> Starlette:
    """The application of this house.

    Raises:
        StateError: a room cannot read what it keeps.
    """
    return assemble(route for room in ROOMS for route in room(site))


def assemble(routes: Iterable[BaseRoute]) -> Starlette:
    """These routes, with the headers and the plain error pages that all of them have."""
    return Starlette(
        routes=list(routes),
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: show_refusal, Exception: show_fault},
    )
