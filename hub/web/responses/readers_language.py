"""Everything that a response says is in the language that the reader's browser asks for."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.system import language


class ReadersLanguage:
    """Sets the language of each request (ASGI 3 middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        accept = ""
        if scope["type"] == "http":
            accept = Headers(scope=scope).get("accept-language", "")
        with language.use(language.wished(accept)):
            await self._app(scope, receive, send)
