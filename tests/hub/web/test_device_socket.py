"""The page asks a process that has a device."""

import asyncio

from devices.camera.live.place import LIVE
from hub.web.device_socket import DeviceSocket
from tests.forked import PATIENCE_S

VIDEO = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n"


def test_a_video_that_begins_when_the_page_stops_holds_nothing_up(tmp_path):
    """It was asked for before; the camera goes on sending."""
    socket = DeviceSocket(LIVE, tmp_path, away="it is away", slow="it is slow")

    async def watch():
        with LIVE.listening(tmp_path, 1) as listener:
            asked = asyncio.create_task(socket.ask("/front/video"))
            camera, _ = await asyncio.to_thread(listener.accept)
            with camera:
                socket.close()
                camera.sendall(VIDEO)
                reply = await asked
                return [part async for part in reply.body]

    assert asyncio.run(asyncio.wait_for(watch(), PATIENCE_S)) == []
