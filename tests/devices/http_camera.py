"""A camera that speaks HTTP: MJPEG as different makers send it, or one picture an address."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from tests.devices.film import RATE, picture_of

BOUNDARY = b"--frame\r\n"
HEAD = b"Content-Type: image/jpeg\r\n"


@dataclass
class HttpCamera:
    """What it sees is a number that grows by 15 a second.

    Attributes:
        pause_s: Seconds between two pictures, or what gives them, by the picture's place.
        form: `multipart`; `late` with the boundary behind each picture; `bare` without lengths;
            `still` for one picture a request; `refusing` for none; `fitful` for both by turns;
            `film` for these bytes, again and again.
        before: What it sends before its first boundary, in a piece of its own.
        requests: How many came.
        sent: The numbers that it sent.
    """

    form: str = "multipart"
    film: bytes = b""
    before: bytes = b""
    pause_s: float | Callable[[int], float] = 0.2
    port: int = 0
    requests: int = 0
    sent: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/video"

    def number(self) -> int:
        """What is to be seen now."""
        return int((time.monotonic() - self.began) * RATE)

    def parts(self, stopped: threading.Event) -> Iterator[bytes]:
        """What it sends, as it comes."""
        if self.before:
            yield self.before
            stopped.wait(0.05)
        for place in count():
            self.sent.append(self.number())
            jpeg = picture_of(self.sent[-1])
            length = b"Content-Length: %d\r\n\r\n" % len(jpeg)
            if self.form == "late":
                yield HEAD + length + jpeg + b"\r\n" + BOUNDARY
            elif self.form == "bare":
                yield BOUNDARY + HEAD + b"\r\n" + jpeg + b"\r\n"
            else:
                yield BOUNDARY + HEAD + length + jpeg + b"\r\n"
            pause_s = self.pause_s(place) if callable(self.pause_s) else self.pause_s
            if stopped.wait(pause_s):
                return


@contextmanager
def http_camera(**given: Any) -> Iterator[HttpCamera]:
    """A camera that runs meanwhile."""
    camera = HttpCamera(**given)
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            camera.requests += 1
            is_fitful = camera.form == "fitful"
            if camera.form == "refusing" or (is_fitful and camera.requests % 2 == 0):
                self.send_error(503)
                return
            if camera.form == "still" or is_fitful:
                jpeg = picture_of(camera.number())
                self.send_response(200)
                self.send_header("Content-Type", "image/jpeg")
                self.send_header("Content-Length", str(len(jpeg)))
                self.end_headers()
                self.wfile.write(jpeg)
                return
            if camera.form == "film":
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):  # it hung up
                    while not stopped.wait(0.1):
                        self.wfile.write(camera.film)
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            try:
                for part in camera.parts(stopped):
                    self.wfile.write(part)
            except OSError:
                return  # it hung up

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    camera.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield camera
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
