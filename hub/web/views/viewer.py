"""Shows the views: as a page, as a stream of what changes in it, and the files in it."""

from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from hub.system import language
from hub.web.guest_book.book import GuestBook
from hub.web.responses.responses import path_of
from hub.web.views.notices import notice_of
from hub.web.views.pages import Pages
from hub.web.views.renderer import Part, Renderer
from hub.web.views.stream import Streams

NOTICE = "notice"
HERE_LENGTH = 500
FULL = language.marked("Too many windows are open on this page. Close some of them")


class Viewer:
    """Gives the views to browsers."""

    def __init__(self, pages: Pages, renderer: Renderer, streams: Streams, book: GuestBook) -> None:
        self._pages = pages
        self._renderer = renderer
        self._streams = streams
        self._book = book

    def routes(self) -> list[Route]:
        """Their routes."""
        views = [Route(path, self.view) for path in ("/", "/visits", "/visits/{visit}", "/house")]
        return [
            *views,
            Route("/changes", self.changes),
            Route("/visits/{visit}/picture", self.picture),
            Route("/visits/{visit}/clip", self.clip),
        ]

    def view(self, request: Request) -> Response:
        """A view as a page."""
        query = dict(request.query_params)
        code = query.pop(NOTICE, None)
        here = path_of(request)
        if query:
            here += f"?{urlencode(query)}"
        shown = self._pages.look(*_split(here))
        html = self._renderer.page(shown, here, notice_of(code))
        return HTMLResponse(html, shown.status, {"Vary": "Accept-Language"})

    async def changes(self, request: Request) -> Response:
        """A view as a stream of server-sent events. It begins with what the reader lacks."""
        if not self._streams.has_room:
            headers = {"Retry-After": "60"}
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, FULL, headers)
        here = request.query_params.get("of", "/")[:HERE_LENGTH]
        if not here.startswith("/"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        words = language.current()  # the look of each language is shared by its streams
        seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")

        def look() -> Part:
            with language.use(words):
                return self._renderer.part(self._pages.look(*_split(here)), here)

        events = self._streams.follow(f"{words} {here}", lambda: run_in_threadpool(look), seen)
        return StreamingResponse(events, media_type="text/event-stream")

    def picture(self, request: Request) -> Response:
        """The picture of a visit, a JPEG."""
        return _file(self._book.picture(request.path_params["visit"]), "image/jpeg")

    def clip(self, request: Request) -> Response:
        """The clip of a visit, an MP4, or the range of it that a player asks for."""
        return _file(self._book.clip(request.path_params["visit"]), "video/mp4")


def _file(path: Path | None, kind: str) -> Response:
    if path is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(path, media_type=kind)


def _split(here: str) -> tuple[str, dict[str, str]]:
    path, _, query = here.partition("?")
    return path, dict(parse_qsl(query))
