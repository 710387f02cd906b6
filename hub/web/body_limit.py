"""No client makes this process read more than a form or a subscription has."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.system.language import marked
from hub.web.responses.page import Page
from hub.web.responses.responses import show

BYTES = 65_536
TOO_LARGE = marked("Too much data. Nothing was done")


class BodyLimit:
    """Refuses a longer body, by its header or while it comes (ASGI 3 middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isdecimal() and length.isascii()) or int(length) > BYTES:
            page = Page("Doorbell", TOO_LARGE)
            refusal = show(Request(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, page)
            await refusal(scope, receive, send)
            return
        left = BYTES

        async def receive_some() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
            return message

        await self._app(scope, receive_some, send)
