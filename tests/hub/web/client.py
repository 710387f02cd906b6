"""A browser for the application of doorbell-web, without a server."""

import asyncio
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlencode

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.recordings import RecordingsClient
from hub.store.state import State
from hub.web.app import build
from hub.web.guest_book.book import GuestBook
from hub.web.guest_book.house import House
from hub.web.login.register import Register
from hub.web.site import Site

_open = ExitStack()
HTML = "text/html,application/xhtml+xml"


def build_site(folder, **settings):
    """What the rooms get, in a house whose state is in this folder; its bus never connects.

    Its state file is open until `close_sites`.
    """
    folder.mkdir(exist_ok=True)
    house = Settings.model_validate({"state_dir": folder, **settings})
    bus = Bus(house.broker)
    commands = RecordingsClient(bus, house, "doorbell/web/home")
    state = State(Path(mkdtemp(dir=folder)) / "web.db")
    _open.callback(state.close)
    book = GuestBook(house, state, commands)
    at_home = House(bus, "home", book.changes)
    return Site(house, bus, "doorbell/web/home", "k" * 40, book, at_home)


def build_app(folder, **settings):
    """The application of such a house."""
    return build(build_site(folder, **settings))


def close_sites():
    """Close what all houses have open that were built since the last time."""
    _open.close()


class Client:
    """One browser, with its cookies (ASGI 3).

    Attributes:
        status: Of the last response.
        headers: Of the last response, by lower-case name.
        text: Of the last response.
    """

    def __init__(self, app, *, origin="http://door", address="192.168.1.9"):
        self.app = app
        self.origin = origin
        self.address = address
        self.cookies = {}

    def get(self, path, **headers):
        """A GET as a browser makes it for a page; returns the status."""
        return self.ask("GET", path, **headers)

    def post(self, path, form=None, **headers):
        """A form that a page of ours sends; returns the status."""
        kind = "application/x-www-form-urlencoded"
        sent = {"content_type": kind, "origin": self.origin} | headers
        return self.ask("POST", path, urlencode(form or {}).encode(), **sent)

    def ask(self, method, path, body=b"", **headers):
        """Any request. Headers are named with underscores; None leaves one out."""
        scheme, _, host = self.origin.partition("://")
        sent = {"host": host, "accept": HTML, "content_length": str(len(body))} | headers
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={one}" for name, one in self.cookies.items())
        raw = [
            (name.replace("_", "-").lower().encode(), one.encode())
            for name, one in sent.items()
            if one is not None
        ]
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": raw, "http_version": "1.1", "scheme": scheme,
            "server": (host, 80), "client": (self.address, 1), "root_path": "", "state": {},
        }  # fmt: skip
        messages = []

        request = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if not request:
                await asyncio.Event().wait()  # it does not hang up
            return request.pop()

        async def send(message):
            messages.append(message)

        asyncio.run(self.app(scope, receive, send))
        begin, *parts = messages
        self.status = begin["status"]
        self.headers = {name.decode().lower(): one.decode() for name, one in begin["headers"]}
        self.text = b"".join(part.get("body", b"") for part in parts).decode()
        self._keep(begin["headers"])
        return self.status

    def _keep(self, headers):
        for name, text in headers:
            if name.lower() == b"set-cookie":
                for key, morsel in SimpleCookie(text.decode()).items():
                    self.cookies[key] = morsel.value
                    if morsel["max-age"] == "0":
                        del self.cookies[key]


def log_in(app, folder, **more):
    """A browser that is logged in."""
    client = Client(app, **more)
    assert client.post(f"/login/{Register(folder).make_code()}", {"name": "My phone"}) == 303
    return client
