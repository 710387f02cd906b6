"""The style sheet, the script and the icon, at addresses that name their content."""

import hashlib
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = "static/"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Assets:
    """The files of a folder, held in memory: a few kilobytes."""

    def __init__(self, folder: Path) -> None:
        """Read them."""
        self._addresses: dict[str, str] = {}
        self._files: dict[str, tuple[bytes, str | None]] = {}
        for path in sorted(folder.iterdir()):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            name = f"{path.stem}.{digest}{path.suffix}"
            self._addresses[path.name] = PREFIX + name
            self._files[name] = content, guess_type(path.name)[0]

    def address(self, name: str) -> str:
        """The address of a file, relative to the root of the page."""
        return self._addresses[name]

    def route(self) -> Route:
        """The route of all of them. They hold nothing of the house, so anyone may have them."""
        return Route(f"/{PREFIX}{{name}}", self._give)

    async def _give(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        content, kind = found
        return Response(content, media_type=kind, headers=FOR_EVER)
