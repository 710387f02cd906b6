"""A disk with a write-back cache that dies with the power: a server of network block devices.

    python -m tests.power.disk IMAGE SOCKET SEED LOG

What is written can be read at once, and is in the image for certain only after a flush, which takes
half a second. Before that a real disk writes back what it likes, in the order that it likes: so
some writes reach the image at once, some not before the flush, and some with a part of their
sectors. Chance decides, by the seed. SIGKILL is the power cut, and the image is what is left.
The protocol is described at https://github.com/NetworkBlockDevice/nbd/, in doc/proto.md
"""

import json
import os
import random
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import IO

SYNC_S = 0.5
SECTOR = 512
REQUEST = 0x25609513
REPLY = 0x67446698
ANSWER = 0x3E889045565A9
READ, WRITE, DISCONNECT, FLUSH = range(4)
FORCE_UNIT_ACCESS = 1
FLAGS = 0b1101  # it has flags, knows FLUSH and FORCE_UNIT_ACCESS
OPTION_EXPORT, OPTION_ABORT, OPTION_INFO, OPTION_GO = 1, 2, 6, 7
ACK, INFO, UNSUPPORTED = 1, 3, 2**31 + 1


class Disk:
    """The image, and before it the cache.

    Attributes:
        pending: The sectors that are not in the image for certain.
    """

    def __init__(self, image: Path, seed: str) -> None:
        self._image = os.open(image, os.O_RDWR)
        self.content = bytearray(image.read_bytes())
        self.pending: set[int] = set()
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    def read(self, offset: int, length: int) -> bytes:
        """What was written last."""
        with self._lock:
            return bytes(self.content[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        """Write into the cache; some of it goes to the image at once."""
        with self._lock:
            self.content[offset : offset + len(data)] = data
            sectors = range(offset // SECTOR, (offset + len(data)) // SECTOR)
            share = self._chance.choice((0, 0, 1, 1, 0.5))
            for sector in sectors:
                if self._chance.random() < share:
                    self._keep(sector)
                    self.pending.discard(sector)
                else:
                    self.pending.add(sector)

    def flush(self) -> int:
        """Bring what was written until now into the image; returns how many sectors these were."""
        with self._lock:
            due = set(self.pending)
        time.sleep(SYNC_S)
        with self._lock:
            for sector in due & self.pending:
                self._keep(sector)
            self.pending -= due
        return len(due)

    def _keep(self, sector: int) -> None:
        at = sector * SECTOR
        os.pwrite(self._image, self.content[at : at + SECTOR], at)


class Session:
    """One connection: the machine."""

    def __init__(self, connection: socket.socket, disk: Disk, log: IO[str]) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._disk = disk
        self._log = log
        self._sending = threading.Lock()

    def negotiate(self) -> bool:
        """Agree on the one disk that there is."""
        self._send(b"NBDMAGIC", struct.pack(">QH", 0x49484156454F5054, 0b11))
        self._take(">I")
        while True:
            _, option, length = self._take(">QII")
            self._stream.read(length)
            if option == OPTION_EXPORT:
                self._send(struct.pack(">QH", len(self._disk.content), FLAGS))
                return True
            if option == OPTION_ABORT:
                self._answer(option, ACK)
                return False
            if option in (OPTION_INFO, OPTION_GO):
                export = struct.pack(">HQH", 0, len(self._disk.content), FLAGS)
                self._answer(option, INFO, export)
                self._answer(option, ACK)
                if option == OPTION_GO:
                    return True
            else:
                self._answer(option, UNSUPPORTED)

    def serve(self) -> None:
        """Do what is asked. While a flush takes its time, other requests are served."""
        while True:
            _, flags, kind, cookie, offset, length = self._take(">IHHQQI")
            if kind == READ:
                self._reply(cookie, self._disk.read(offset, length))
            elif kind == WRITE:
                self._disk.write(offset, self._stream.read(length))
                if flags & FORCE_UNIT_ACCESS:
                    self._flush(cookie)
                else:
                    self._reply(cookie)
            elif kind == FLUSH:
                self._flush(cookie)
            elif kind == DISCONNECT:
                return

    def _flush(self, cookie: int) -> None:
        threading.Thread(target=self._flush_and_reply, args=(cookie,), daemon=True).start()

    def _flush_and_reply(self, cookie: int) -> None:
        asked = time.time()
        sectors = self._disk.flush()
        print(json.dumps([asked, time.time(), sectors]), file=self._log, flush=True)
        self._reply(cookie)

    def _reply(self, cookie: int, data: bytes = b"") -> None:
        self._send(struct.pack(">IIQ", REPLY, 0, cookie), data)

    def _answer(self, option: int, kind: int, data: bytes = b"") -> None:
        self._send(struct.pack(">QIII", ANSWER, option, kind, len(data)), data)

    def _take(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize(form)
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionError
        return struct.unpack(form, data)

    def _send(self, *parts: bytes) -> None:
        with self._sending:
            self._connection.sendall(b"".join(parts))


def main(image: str, path: str, seed: str, log: str) -> None:
    """Serve one connection after the other, until the power is cut."""
    disk = Disk(Path(image), seed)
    with socket.socket(socket.AF_UNIX) as listener, Path(log).open("a", encoding="utf-8") as lines:
        listener.bind(path)
        listener.listen()
        while True:
            session = Session(listener.accept()[0], disk, lines)
            try:
                if session.negotiate():
                    session.serve()
            except ConnectionError:
                pass


if __name__ == "__main__":
    main(*sys.argv[1:])
