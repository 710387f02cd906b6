"""Streams over real connections."""

import socket
import threading

from markupsafe import Markup
from starlette.responses import StreamingResponse
from starlette.routing import Route

from hub.store.guest_book.visit import Change
from hub.web.app import assemble
from hub.web.guest_book.changes import Changes
from hub.web.server import Server
from hub.web.views.renderer import Part
from hub.web.views.stream import Streams
from tests.forked import PATIENCE_S
from tests.house import until

ASKED = b"GET /changes HTTP/1.1\r\nHost: test\r\n\r\n"


def test_a_change_comes_at_once_and_an_open_stream_holds_up_no_shutdown():
    """The server waits for no page that somebody has open: the stream ends, and then the server."""
    changes = Changes()
    streams = Streams(changes)
    shown = ["<p>one</p>"]

    async def look() -> Part:
        return Part(Markup(shown[0]), shown[0])  # noqa: S704 - a test's own

    def follow(_):
        return StreamingResponse(streams.follow("/", look, ""), media_type="text/event-stream")

    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(assemble([Route("/changes", follow)]), lambda: None, [streams.close])
    server.config.timeout_graceful_shutdown = None  # it would wait for ever
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    until(lambda: server.started, "it listens")
    with socket.create_connection(listener.getsockname(), timeout=PATIENCE_S) as client:
        client.sendall(ASKED)
        received = b""
        while b"one" not in received:
            received += client.recv(1000)
        shown[0] = "<p>two</p>"
        changes.tell(Change("visit", "1"))
        while b"two" not in received:
            received += client.recv(1000)
        server.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        while more := client.recv(1000):
            received += more
    assert received.endswith(b"0\r\n\r\n")  # the end of a chunked body (RFC 9112, 7.1)
