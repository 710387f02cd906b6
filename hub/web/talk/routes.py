"""The routes of a talk. The script that uses them is static/talk.js of the views."""

import re
from collections.abc import Collection
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from devices.talk.audio.pcm import BYTES_A_SECOND, SAMPLE_BYTES
from devices.talk.place import TALK
from hub.system.language import marked
from hub.web.device_socket import DeviceSocket, respond
from hub.web.login.guard import FROM_ELSEWHERE
from hub.web.login.same_origin import OWN
from hub.web.login.user import User, user_of
from hub.web.site import Site
from hub.web.talk.turns import Piece, Turns

AWAY = marked("The process that has the speaker and the microphone does not run")
SLOW = marked("The process that has the speaker and the microphone does not answer")
NO_SOUND = marked("This is no sound. Nothing was said")
LATE_BYTES = BYTES_A_SECOND // 8
TURN = re.compile("[0-9a-f-]{8,40}")
VOLUME = re.compile("[0-9]{1,3}")


def routes(site: Site) -> list[Route]:
    """`/talk/DOOR/say` and `/talk/DOOR/listen`."""
    folder = TALK.folder(site.settings.state_dir)
    socket = DeviceSocket(TALK, folder, away=AWAY, slow=SLOW, waiting_bytes=LATE_BYTES)
    turns = Turns(socket)
    site.on_stop += [socket.close, turns.close]
    talk = Talk(socket, turns, site.settings.doors)
    return [
        Route("/talk/{door}/say", talk.say, methods=["POST"]),
        Route("/talk/{door}/listen", talk.listen, methods=["GET"]),
    ]


class Talk:
    """Passes on what is said, and what the door's microphone hears.

    Args:
        socket: The way to the process that has them.
        turns: Those who speak.
        doors: The doors of the house.
    """

    def __init__(self, socket: DeviceSocket, turns: Turns, doors: Collection[str]) -> None:
        self._socket = socket
        self._turns = turns
        self._doors = doors

    async def say(self, request: Request) -> Response:
        """Some words, of at most a second: no content, or in words why they are not heard."""
        door = self._door(request)
        query = request.query_params
        turn, volume = query.get("turn", ""), query.get("volume", "100")
        sound = await request.body()
        is_sound = len(sound) <= BYTES_A_SECOND and len(sound) % SAMPLE_BYTES == 0
        if not (TURN.fullmatch(turn) and VOLUME.fullmatch(volume) and is_sound):
            raise HTTPException(HTTPStatus.BAD_REQUEST, NO_SOUND)
        user = user_of(request) or User("")
        piece = Piece(
            key=(user.phone or user.name, turn),
            door=door,
            person=user.name,
            volume=min(100, int(volume)),
            sound=sound,
            is_last="last" in query,
        )
        if refused := await self._turns.say(piece):
            return PlainTextResponse(refused.words, refused.status)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def listen(self, request: Request) -> Response:
        """What the door's microphone hears, without an end, or in words why nothing is heard."""
        if request.headers.get("sec-fetch-site", OWN[0]) not in OWN:
            raise HTTPException(HTTPStatus.FORBIDDEN, FROM_ELSEWHERE)
        return await respond(await self._socket.ask(f"/{self._door(request)}/listen"))

    def _door(self, request: Request) -> str:
        door: str = request.path_params["door"]
        if door not in self._doors:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return door
