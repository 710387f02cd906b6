"""A phone that has the page open, and a crowd that keeps the page's process busy.

python -m tests.bench.outside.page watch ADDRESS SIGHTINGS
python -m tests.bench.outside.page crowd ADDRESS

ADDRESS is one that `doorbell link` has made: it logs one phone in.
"""

import http.client
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from tests.bench.outside.sightings import LIVE, PICTURE, SHOWN, Observer

RINGING = re.compile(rb'id="ring-([^"]+)"')
SEEN = re.compile(rb'id="ring-([^"]+)".*?src="([^"]*/picture)"', re.DOTALL)
STREAM = re.compile(rb'data-stream="([^"]+)"')
VISIT = re.compile(rb'href="[^"]*/visits/([^"?/]+)"')
LISTENERS, SLOW = 49, 64  # with the one that is watched 50, as many as there may be
SLICE = 64 * 1024
SLICE_S = 0.025  # with it 20 Mbit/s
DRIP_S = AGAIN_S = 1.0


class Phone:
    """Logged in by a one-time address."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self.address = (where.hostname or "", where.port or 80)
        self._headers = {"Origin": f"http://{where.netloc}"}
        login = self.ask("POST", where.path, urlencode({"name": "Bench"}))
        self._headers["Cookie"] = login.headers["Set-Cookie"].partition(";")[0]

    def ask(self, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
        """The response to a request, on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(
            method, urljoin("/", path), body, {"Connection": "close", **self._headers, **kind}
        )
        return connection.getresponse()

    def parts(self) -> Iterator[bytes]:
        """What the page's stream of events sends: each time the whole view, as HTML."""
        page = self.ask("GET", "/").read()
        found = STREAM.search(page)
        assert found, page
        stream = self.ask("GET", found[1].decode())
        assert stream.status == HTTPStatus.OK, stream.read()
        lines: list[bytes] = []
        while line := stream.readline():
            if line.startswith(b"data:"):
                lines.append(line[5:])
            elif line == b"\n" and lines:
                yield b"".join(lines)
                lines = []


def watch(address: str, observer: Observer) -> None:
    """See each ring, its picture and the door live; then answer, so that the next is another."""
    phone = Phone(address)
    shown, pictured = set[bytes](), set[bytes]()
    print("ready", flush=True)
    for part in phone.parts():
        for visit in set(RINGING.findall(part)) - shown:
            shown.add(visit)
            observer.see(SHOWN)
            _look_live(phone, observer)
        for visit, picture in SEEN.findall(part):
            if visit in pictured:
                continue
            assert phone.ask("GET", picture.decode()).read().startswith(b"\xff\xd8")
            observer.see(PICTURE)
            pictured.add(visit)
            phone.ask("POST", "/answer", urlencode({"visit": visit.decode(), "answer": "coming"}))


def _look_live(phone: Phone, observer: Observer) -> None:
    """Look until the first frame is there, and note it."""
    video = phone.ask("GET", "/live/front/video")
    seen = b""
    while b"mdat" not in seen and (more := video.read1(SLICE)):
        seen += more
    observer.see(LIVE)
    video.close()


def crowd(address: str) -> None:
    """Follow the page many times, hold slow connections, and download clips one after another."""
    phone = Phone(address)
    for _ in range(LISTENERS):
        threading.Thread(target=_follow, args=(phone,), daemon=True).start()
    threading.Thread(target=_hold_slow, args=(phone,), daemon=True).start()
    print("ready", flush=True)
    while True:
        _download(phone)


def _follow(phone: Phone) -> None:
    """Follow the page for ever, as a browser does: connect again a second after an end."""
    while True:
        with suppress(OSError, http.client.HTTPException):
            for _ in phone.parts():
                pass
        time.sleep(AGAIN_S)


def _hold_slow(phone: Phone) -> None:
    """Send a byte a second on each of many connections, and connect again when one is closed."""
    head = b"GET / HTTP/1.1\r\nX-Slow: "
    held: list[socket.socket] = []
    while True:
        while len(held) < SLOW:
            held.append(socket.create_connection(phone.address))
            held[-1].sendall(head)
        held = [one for one in held if _drips(one)]
        time.sleep(DRIP_S)


def _drips(slow: socket.socket) -> bool:
    try:
        slow.sendall(b"x")
    except OSError:
        slow.close()
        return False
    return True


def _download(phone: Phone) -> None:
    """Download the clip of the visits, as fast as a house's wireless network."""
    visits = VISIT.findall(phone.ask("GET", "/visits").read())
    for visit in visits[1:3]:  # the first one may still be recorded
        with phone.ask("GET", f"/visits/{visit.decode()}/clip") as clip:
            while clip.read1(SLICE):
                time.sleep(SLICE_S)
    time.sleep(SLICE_S)


if __name__ == "__main__":
    name, given_address, *given_path = sys.argv[1:]
    if name == "crowd":
        crowd(given_address)
    watch(given_address, Observer(Path(given_path[0])))
