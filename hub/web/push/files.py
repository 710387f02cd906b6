"""What makes the page an app: manifest, icons, service worker, script. None of it is secret."""

from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
KINDS = {".js": "text/javascript", ".png": "image/png", ".svg": "image/svg+xml"}
AGAIN = {"Cache-Control": "no-cache"}  # it is asked for again, and is mostly still the same
# What the worker may do: answer, and load the picture that a notification shows. It runs no more.
WORKER = AGAIN | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'"
    )
}
# https://www.w3.org/TR/appmanifest/
MANIFEST = {
    "name": "Doorbell",
    "short_name": "Doorbell",
    "description": "Who rings, and the answer",
    "id": "./",
    "start_url": "./",
    "scope": "./",
    "display": "standalone",
    "background_color": "#0c120f",
    "theme_color": "#0c120f",
    "icons": [
        {"src": "icons/bell.svg", "sizes": "any", "type": "image/svg+xml"},
        {"src": "icons/bell-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": "icons/bell-512.png", "sizes": "512x512", "type": "image/png"},
        {
            "src": "icons/maskable-512.png",
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ],
}


def routes() -> list[Route]:
    """`/manifest.webmanifest`, `/worker.js`, `/push/push.js` and `/icons/NAME`."""
    return [
        Route("/manifest.webmanifest", _manifest),
        Route("/worker.js", _worker),
        Route("/push/push.js", _script),
        Route("/icons/{name}", _icon),
    ]


async def _manifest(_: Request) -> Response:
    return JSONResponse(MANIFEST, media_type="application/manifest+json", headers=AGAIN)


async def _worker(_: Request) -> Response:
    """It lies at the root, because a worker is for the folder that it lies in."""
    return FileResponse(FOLDER / "worker.js", media_type=KINDS[".js"], headers=WORKER)


async def _script(_: Request) -> Response:
    return FileResponse(FOLDER / "push.js", media_type=KINDS[".js"], headers=AGAIN)


async def _icon(request: Request) -> Response:
    name = request.path_params["name"]
    icons = {path.name: path for path in (FOLDER / "icons").iterdir()}
    if name not in icons:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    path = icons[name]
    return FileResponse(path, media_type=KINDS[path.suffix], headers=AGAIN)
