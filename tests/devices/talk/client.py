"""A client of the talks' socket, as the page's process is one."""

import socket
from pathlib import Path

from devices.talk.place import TALK
from tests.forked import PATIENCE_S


class Client:
    """One request on one connection.

    Attributes:
        status: Of the answer.
    """

    def __init__(self, folder: Path, request: str, **fields: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        with TALK.short_name(folder) as name:
            self._socket.connect(name)
        lines = "".join(f"{name}: {one}\r\n" for name, one in fields.items())
        self._socket.sendall(f"{request} HTTP/1.1\r\n{lines}\r\n".encode())
        self._lines = self._socket.makefile("rb")
        self.status = int(self._lines.readline().split()[1])
        while self._lines.readline().strip():
            pass

    def send(self, sound: bytes) -> None:
        """Say this."""
        self._socket.sendall(sound)

    def end(self) -> None:
        """Say no more, and wait for what the answer ends with."""
        self._socket.shutdown(socket.SHUT_WR)

    def read(self, size: int = -1) -> bytes:
        """What comes."""
        return self._lines.read(size)

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()
