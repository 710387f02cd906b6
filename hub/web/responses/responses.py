"""What a client gets: a page for a browser; JSON or plain text for a program."""

from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from hub.system.language import gettext, marked
from hub.web.responses.page import HEADERS, Page, render

PRESS_PATH = "/p/"
OUR_FAULT = marked("Something went wrong here. Nothing was sent")
STATUS_TEXTS = {
    404: marked("There is nothing here"),
    405: marked("This is not possible here"),
}


def show(request: Request, status: int, page: Page, headers: Any = None, **facts: str) -> Response:
    """HTML for clients that accept it, like browsers.

    Its words are translated. All others get JSON, like ntfy, or plain text below a press address:
    a device shows it, or nobody reads it.
    """
    page = Page(*(words and gettext(words) for words in page))
    headers = {**HEADERS, **(headers or {}), "Vary": "Accept, Accept-Language"}
    if accepts_html(request):
        return HTMLResponse(render(page), status, headers)
    text = f"{page.title}: {page.text}"
    if path_of(request).startswith(PRESS_PATH):
        return PlainTextResponse(f"{text}\n", status, headers)
    is_ok = status < HTTPStatus.BAD_REQUEST
    return JSONResponse({"ok": is_ok, "text": text, **facts}, status, headers)


def path_of(request: Request) -> str:
    """The path of a request below that at which a proxy has put the page."""
    path: str = request.scope["path"]
    return path.removeprefix(_root_of(request))


def link(request: Request, path: str) -> str:
    """The address of a path of ours, as this client reaches it: below that of a proxy."""
    return f"{_root_of(request)}{path}"


def _root_of(request: Request) -> str:
    root: str = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return root


def accepts_html(request: Request) -> bool:
    """Whether it is a browser, or pretends to be one."""
    return "text/html" in request.headers.get("accept", "")


def show_refusal(request: Request, error: Exception) -> Response:
    """The response to an HTTPException."""
    if not isinstance(error, HTTPException):
        return show_fault(request, error)
    text = STATUS_TEXTS.get(error.status_code, error.detail)
    return show(request, error.status_code, Page("Doorbell", text), error.headers)


def show_fault(request: Request, _: Exception) -> Response:
    """The response to any other exception."""
    return show(request, HTTPStatus.INTERNAL_SERVER_ERROR, Page("Doorbell", OUR_FAULT))
