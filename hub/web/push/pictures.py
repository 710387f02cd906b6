"""The picture in a notification: at a signed address, because the browser fetches it by itself."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from hub.plugin.house.page import PICTURE_PATH
from hub.wire.tokens.picture_token import PictureSigner
from hub.wire.tokens.timed_signer import ExpiredError, ForgedError

TRIES = 10  # the notification may be faster than the event of the picture
AGAIN_S = 0.3


class Book(Protocol):
    """What is used of the guest book."""

    def picture(self, visit_id: str) -> Path | None:
        """See GuestBook."""


class Pictures:
    """Shows a picture to whoever has its address.

    Args:
        key: The key of the house.
        book: Knows the pictures.
    """

    def __init__(self, key: str, book: Book) -> None:
        self._signer = PictureSigner(key)
        self._book = book

    def route(self) -> Route:
        """Its route."""
        return Route(f"/{PICTURE_PATH}{{token}}", self.show)

    async def show(self, request: Request) -> Response:
        """The JPEG."""
        try:
            press = self._signer.verify(request.path_params["token"])
        except ForgedError as error:
            raise HTTPException(HTTPStatus.FORBIDDEN, str(error).capitalize()) from None
        except ExpiredError as error:
            raise HTTPException(HTTPStatus.GONE, str(error).capitalize()) from None
        for _ in range(TRIES):
            if path := await run_in_threadpool(self._book.picture, press):
                return FileResponse(path, media_type="image/jpeg")
            await asyncio.sleep(AGAIN_S)
        raise HTTPException(HTTPStatus.NOT_FOUND)
