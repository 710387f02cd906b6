"""A client of the live picture's socket."""

import http.client
import io
import socket
from pathlib import Path

import av

from devices.camera.live.place import LIVE
from tests.forked import PATIENCE_S


class Client(http.client.HTTPConnection):
    """Asks over the socket in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("doorbell", timeout=PATIENCE_S)
        self._folder = folder

    def connect(self) -> None:
        """Connect to the socket in place of a port."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        with LIVE.short_name(self._folder) as name:
            self.sock.connect(name)

    def ask(self, path: str) -> http.client.HTTPResponse:
        """What it is told."""
        self.request("GET", path)
        return self.getresponse()


def look(folder: Path, path: str, size: int) -> tuple[str, bytes]:
    """The codec, and so many bytes of a video."""
    client = Client(folder)
    reply = client.ask(path)
    try:
        assert reply.status == 200, reply.read()
        return reply.headers["Content-Type"], reply.read(size)
    finally:
        reply.close()


def units_in(mp4: bytes) -> list[bytes]:
    """The coded pictures in what was seen (NAL units 1 and 5); the last one may be cut."""
    units = []
    with av.open(io.BytesIO(mp4)) as movie:
        for packet in movie.demux(video=0):
            data, place = bytes(packet), 0
            while place < len(data):
                size = int.from_bytes(data[place : place + 4], "big")
                units.append(data[place + 4 : place + 4 + size])
                place += 4 + size
    return [unit for unit in units if unit[0] & 0x1F in (1, 5)][:-1]


def reason(folder: Path, path: str) -> tuple[int, str]:
    """How it is refused, and why."""
    reply = Client(folder).ask(path)
    return reply.status, reply.read().decode() if reply.status != 200 else ""
