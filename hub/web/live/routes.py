"""The routes of the live picture. The script that shows it is static/live.js of the views."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devices.camera.live.place import LIVE
from hub.system.language import marked
from hub.web.device_socket import DeviceSocket, respond
from hub.web.site import Site

KINDS = ("video", "still")
AWAY = marked("No live picture: the process that has the camera does not run")
SLOW = marked("No live picture: the process that has the camera does not answer")


def routes(site: Site) -> list[Route]:
    """`/live/DOOR/video` and `/live/DOOR/still`."""
    folder = LIVE.folder(site.settings.state_dir)
    recorder = DeviceSocket(LIVE, folder, away=AWAY, slow=SLOW)
    site.on_stop.append(recorder.close)
    pictures = LivePictures(recorder, site.settings.doors)
    return [Route("/live/{door}/{kind}", pictures.show)]


class LivePictures:
    """Passes on what the camera's process sends, while somebody looks.

    Args:
        recorder: The way to that process.
        doors: The doors of the house.
    """

    def __init__(self, recorder: DeviceSocket, doors: Collection[str]) -> None:
        self._recorder = recorder
        self._doors = doors

    async def show(self, request: Request) -> Response:
        """A video without an end, a JPEG of now, or in words why there is none."""
        door = request.path_params["door"]
        kind = request.path_params["kind"]
        if door not in self._doors or kind not in KINDS:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await respond(await self._recorder.ask(f"/{door}/{kind}"))
