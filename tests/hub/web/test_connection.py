"""Connections of real clients: the slow ones keep nobody out."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

import pytest
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from hub.web import connection
from hub.web.app import assemble
from hub.web.connection import STRANGERS, Connection
from hub.web.login.register import Register
from hub.web.server import Server
from tests.forked import PATIENCE_S
from tests.house import until
from tests.hub.web.client import build_app, log_in

HEAD = b"Host: test\r\n"
BLOCK = b"x" * 65_536


class _Known:
    """Takes a request below /phone for that of a phone that is logged in, as the guard does."""

    is_logged_in = True

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["path"].startswith("/phone"):
            scope["state"]["is_known"] = lambda: self.is_logged_in
        await self._app(scope, receive, send)


async def _take(request: Request):
    return PlainTextResponse(str(len(await request.body())))


def _endless(_: Request):
    async def blocks():
        while True:
            yield BLOCK
            await asyncio.sleep(0)

    return StreamingResponse(blocks())


@contextmanager
def _serving(app):
    """A server on a free port. Its times are those of the tests."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(app, lambda: None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    until(lambda: server.started, "it listens")
    server.address = listener.getsockname()
    try:
        yield server
    finally:
        server.stop()
        for one in list(server.server_state.connections):
            one.loop.call_soon_threadsafe(one.drop)
        thread.join(PATIENCE_S)


@pytest.fixture
def server():
    """It serves what takes time, and what never ends."""
    routes = [
        Route(f"{root}/{name}", run, methods=["GET", "POST"])
        for root in ("", "/phone")
        for name, run in (("take", _take), ("endless", _endless))
    ]
    with _serving(assemble(routes, [Middleware(_Known)])) as server:
        yield server


@pytest.fixture
def open_one(server):
    """Connects, sends, and closes at the end."""
    with ExitStack() as held:

        def connect(sent=b""):
            client = held.enter_context(
                socket.create_connection(server.address, timeout=PATIENCE_S)
            )
            client.sendall(sent)
            return client

        yield connect


def _is_served(server):
    """Whether a newcomer's request gets its response."""
    try:
        with socket.create_connection(server.address, timeout=PATIENCE_S) as client:
            client.sendall(b"GET /take HTTP/1.1\r\nConnection: close\r\n" + HEAD + b"\r\n")
            return client.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _is_closed(client):
    """Whether the server has closed a connection on which it sends nothing."""
    client.setblocking(False)
    try:
        return client.recv(65_536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _drips(client, data=b"x"):
    """Send one byte more; False when the connection is closed."""
    try:
        client.sendall(data)
    except OSError:
        return False
    return True


SLOW = {
    "nothing": b"",
    "a head": b"GET /take HTTP/1.1\r\nX-Slow: ",
    "a body": b"POST /take HTTP/1.1\r\nContent-Length: 60000\r\n" + HEAD + b"\r\n",
    "a body in chunks": b"POST /take HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HEAD + b"\r\n",
    "a response": b"GET /endless HTTP/1.1\r\n" + HEAD + b"\r\n",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_slow_strangers_keep_nobody_out(server, open_one, sent):
    """All places and more are taken by clients that trickle: a newcomer is served at once."""
    slow = [open_one(sent) for _ in range(STRANGERS + 20)]

    def is_all_in_their_hands():
        held = list(server.server_state.connections)
        return len(held) <= STRANGERS and all(one.waits_for_client for one in held)

    until(is_all_in_their_hands, "each of them waits for its client")
    for _ in range(5):
        assert _is_served(server)
        for client in slow:
            _drips(client)
    assert len(server.server_state.connections) <= STRANGERS + 1


def test_a_newcomer_is_served_while_nobody_waits_for_a_client(server, open_one, monkeypatch):
    """For a moment each of the others is written to: it is not the newcomer that goes."""
    for _ in range(STRANGERS):
        open_one(SLOW["a response"])
    until(lambda: len(server.server_state.connections) == STRANGERS, "all are connected")
    until(lambda: not any(map(_is_idle, server.server_state.connections)), "each gets a response")
    monkeypatch.setattr(connection.Connection, "waits_for_client", property(_is_idle))
    assert _is_served(server)


def _is_idle(one):
    return one._is_idle


def test_a_burst_of_strangers_does_not_push_out_who_came_just_before(server, open_one):
    """All of them wait to be taken in at once; whoever has sent a request gets its response."""
    open_one()
    until(lambda: server.server_state.connections, "one is connected, by which we know the loop")
    (held,) = server.server_state.connections
    free = threading.Event()
    held.loop.call_soon_threadsafe(free.wait, 10)
    newcomer = open_one(b"GET /take HTTP/1.1\r\n" + HEAD + b"\r\n")
    with ThreadPoolExecutor(2 * STRANGERS) as pool:
        slow = [pool.submit(open_one, b"GET /take HTTP/1.1\r\n") for _ in range(2 * STRANGERS)]
        wait(slow, timeout=1)  # where few may wait, the others get in later
        free.set()
        assert newcomer.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_every_request_of_a_stranger_has_a_deadline(server, open_one, monkeypatch, sent):
    """However it trickles: its head, its body, or what it reads."""
    client = open_one(sent)
    until(lambda: server.server_state.connections, "it is connected")
    monkeypatch.setattr(connection, "HEAD_S", 0.2)
    monkeypatch.setattr(connection, "REQUEST_S", 0.2)
    monkeypatch.setattr(connection, "STALL_S", 99)

    def is_over():
        _drips(client)
        return not server.server_state.connections

    until(is_over, "the connection is closed")


def test_a_body_after_its_response_has_a_deadline(server, open_one, monkeypatch):
    """It is refused unread, and then trickles on."""
    client = open_one(b"POST /nothing HTTP/1.1\r\nContent-Length: 60000\r\n" + HEAD + b"\r\n")
    assert client.recv(100).startswith(b"HTTP/1.1 404")
    monkeypatch.setattr(connection, "HEAD_S", 0.2)
    until(lambda: not _drips(client), "it is closed")


def test_a_phone_reads_as_long_as_it_likes_while_it_reads(server, open_one, monkeypatch):
    """Events and downloads have no deadline; one that is not read for long is closed."""
    asked = b"GET /phone/endless HTTP/1.1\r\n" + HEAD + b"\r\n"
    reads, sleeps = (open_one(asked) for _ in range(2))

    def unread():
        found = server.server_state.connections
        return [one for one in found if one.client == sleeps.getsockname() and one._paused_s]

    (stalled,) = until(unread, "what the one does not read waits for it")
    for name in ("HEAD_S", "REQUEST_S"):
        monkeypatch.setattr(connection, name, -1.0)  # each deadline is over
    stalled._paused_s -= connection.STALL_S

    def only_one_is_left():
        assert reads.recv(1_000_000)
        return len(server.server_state.connections) == 1

    until(only_one_is_left, "the one that does not read is closed")
    assert stalled not in server.server_state.connections
    assert reads.recv(100)


def test_a_phone_that_sleeps_does_not_hold_up_the_end(server, open_one, monkeypatch, caplog):
    """It has a live picture open, and does not read it."""
    monkeypatch.setattr(connection, "ASLEEP_S", 0.0)
    open_one(b"GET /phone/endless HTTP/1.1\r\n" + HEAD + b"\r\n")
    until(
        lambda: any(one._paused_s for one in server.server_state.connections),
        "what it does not read waits for it",
    )
    server.stop()
    until(lambda: not server.server_state.connections, "its connection is closed")
    assert "graceful shutdown exceeded" not in caplog.text


def test_a_phone_that_is_logged_out_gets_no_more(server, open_one, monkeypatch):
    """Also of a response that has begun: events and the live picture end at once."""
    phone = open_one(b"GET /phone/endless HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert phone.recv(100)
    monkeypatch.setattr(_Known, "is_logged_in", False)
    until(lambda: not server.server_state.connections, "it is closed")


def test_a_phone_that_logs_itself_out_is_told_so(tmp_path, monkeypatch):
    """However long the disk takes, its connection lasts until it has the response."""
    app = build_app(tmp_path)
    phone = log_in(app, tmp_path)
    ((name, cookie),) = phone.cookies.items()
    has_revoked, is_looked_at = threading.Event(), threading.Event()
    revoke, check = Register.revoke, Connection.check

    def revoke_slowly(self, *ids):
        revoke(self, *ids)
        has_revoked.set()
        assert is_looked_at.wait(PATIENCE_S)

    def check_and_tell(self):
        was_revoked = has_revoked.is_set()
        check(self)
        if was_revoked:
            is_looked_at.set()

    monkeypatch.setattr(Register, "revoke", revoke_slowly)
    monkeypatch.setattr(Connection, "check", check_and_tell)
    head = f"Host: door\r\nOrigin: http://door\r\nCookie: {name}={cookie}\r\n"
    with (
        _serving(app) as server,
        socket.create_connection(server.address, timeout=PATIENCE_S) as client,
    ):
        client.sendall(f"POST /logout HTTP/1.1\r\n{head}Content-Length: 0\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 303 ")
    assert not Register(tmp_path).phones()


def test_phones_are_never_put_out_by_strangers(server, open_one):
    """Their streams go on however many strangers come, and they do not count among them."""
    phones = [open_one(b"GET /phone/endless HTTP/1.1\r\n" + HEAD + b"\r\n") for _ in range(50)]
    for phone in phones:
        assert phone.recv(100)
    for _ in range(STRANGERS * 2):
        open_one()
    assert _is_served(server)
    for phone in phones:
        assert phone.recv(65_536)
    until(lambda: len(server.server_state.connections) <= 50 + STRANGERS, "strangers make room")


def test_the_address_with_most_connections_makes_room():
    """One attacker only puts himself out."""
    made = []

    class _Transport:
        def __init__(self, address):
            self.address = address
            self.is_closed = False

        def get_extra_info(self, name):
            return {"peername": (self.address, 1), "sockname": ("127.0.0.1", 1)}.get(name)

        def get_write_buffer_size(self):
            return 0

        def is_closing(self):
            return self.is_closed

        def close(self):
            self.is_closed = True

    server = Server(assemble([]), lambda: None)
    server.config.load()

    class _Loop:
        def time(self):
            return float(len(made))

    def connect(address):
        transport = _Transport(address)
        made.append(transport)
        one = connection.Connection(server.config, server.server_state, {}, _loop=_Loop())
        one.connection_made(transport)
        if any(other.is_closed for other in made):
            gone = next(other for other in made if other.is_closed)
            server.server_state.connections = {
                one for one in server.server_state.connections if one.transport is not gone
            }
        return transport

    family = [connect(f"192.168.1.{n}") for n in range(10)]
    for _ in range(STRANGERS * 3):
        connect("203.0.113.5")
    assert not any(one.is_closed for one in family)
    assert sum(not one.is_closed for one in made) <= STRANGERS + 1


def test_a_client_that_gives_up_is_no_fault(server, open_one, caplog):
    """Its body never comes: nothing is logged, however many do so."""
    for _ in range(3):
        open_one(SLOW["a body"]).close()
    until(lambda: not server.server_state.connections, "they are gone")
    until(lambda: not server.server_state.tasks, "their requests have ended")
    assert "Traceback" not in caplog.text
