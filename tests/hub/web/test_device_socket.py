"""The page asks a process that has a device, and does not wait for it when it stops."""

import asyncio

import pytest

from devices.camera.live.place import LIVE
from hub.web.device_socket import DeviceSocket
from tests.forked import PATIENCE_S

VIDEO = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n"


@pytest.fixture
def socket(tmp_path):
    """Of a house whose camera is the test's own."""
    return DeviceSocket(LIVE, tmp_path, away="it is away", slow="it is slow")


def _run(watch):
    return asyncio.run(asyncio.wait_for(watch(), PATIENCE_S))


def test_a_video_that_begins_when_the_page_stops_holds_nothing_up(socket, tmp_path):
    """It was asked for before; the camera goes on sending."""

    async def watch():
        with LIVE.listening(tmp_path, 1) as listener:
            asked = asyncio.create_task(socket.ask("/front/video"))
            camera, _ = await asyncio.to_thread(listener.accept)
            with camera:
                camera.sendall(VIDEO)
                reply = await asked
                socket.close()
                return [part async for part in reply.body]

    assert _run(watch) == []


@pytest.mark.parametrize("stops_first", [True, False])
def test_a_camera_that_has_yet_to_answer_holds_nothing_up(socket, tmp_path, stops_first):
    """It may take seconds to switch on: the connection is ended, and the request answered."""

    async def watch():
        with LIVE.listening(tmp_path, 1) as listener:
            if stops_first:
                socket.close()
            asked = asyncio.create_task(socket.ask("/front/video"))
            camera, _ = await asyncio.to_thread(listener.accept)
            with camera:
                await asyncio.to_thread(camera.recv, 1)
                socket.close()
                reply = await asked
                return [part async for part in reply.body]

    assert _run(watch) == [b"it is away"]
