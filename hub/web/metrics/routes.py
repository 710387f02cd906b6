"""`/healthz` and `/metrics`."""

from http import HTTPStatus
from ipaddress import ip_address

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hub.system.language import marked
from hub.web.login.user import user_of
from hub.web.metrics.tally import Tally
from hub.web.site import Site

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOG_IN = marked("Log in first, or set [web] metrics = true and ask from this machine")


def health(site: Site) -> list[Route]:
    """`/healthz`: `yes` while there is a connection to the broker. It needs no login."""

    async def is_well(_: Request) -> Response:
        if site.bus.connected.is_set():
            return PlainTextResponse("yes\n")
        return PlainTextResponse("no\n", HTTPStatus.SERVICE_UNAVAILABLE)

    return [Route("/healthz", is_well, methods=["GET"])]


def routes(site: Site) -> list[Route]:
    """`/metrics`, for who is logged in; also for this machine if the settings say so."""
    tally = Tally()
    site.book.watchers.append(tally.note)

    async def show(request: Request) -> Response:
        if not (user_of(request) or (site.settings.web.metrics and _is_local(request))):
            raise HTTPException(HTTPStatus.UNAUTHORIZED, LOG_IN)
        text = await run_in_threadpool(_exposition, tally, site)
        return Response(text, media_type=CONTENT_TYPE)

    return [Route("/metrics", show, methods=["GET"])]


def _exposition(tally: Tally, site: Site) -> bytes:
    from hub.web.metrics.exposition import exposition  # noqa: PLC0415 - few houses ask for it

    return exposition(tally, site.house, len(site.book.changes))


def _is_local(request: Request) -> bool:
    """Whether a program of this machine asks, and no proxy on it does so for somebody else."""
    if request.state.is_proxied or request.client is None:
        return False
    try:
        is_loopback = ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return is_loopback and request.url.hostname in ("127.0.0.1", "::1", "localhost")
