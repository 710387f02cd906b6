"""The page's part of web push, with a hub that only notes what it is told."""

import json

import pytest
from starlette.middleware import Middleware

from config.tables.web import Web
from hub.remote.confirmed import UnconfirmedError
from hub.web.app import assemble
from hub.web.login.attempts import Attempts
from hub.web.login.cookie import PhoneCookie
from hub.web.login.guard import Guard
from hub.web.login.proxy import Proxies
from hub.web.login.register import Register
from hub.web.login.routes import Login
from hub.web.push import files
from hub.web.push.enrolled import Enrolled
from hub.web.push.enrolment import Enrolment
from hub.web.push.pictures import Pictures
from hub.wire.tokens.push_seal import unseal
from tests.hub.web.client import Client, log_in
from tests.servers.push_service import Browser

KEY = "k" * 40
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


class Hub:
    """Notes what it is told: the endpoint of each phone, None when it wants no more."""

    def __init__(self):
        self.told = []
        self.is_away = False

    def change(self, phone, sealed):
        if self.is_away:
            raise UnconfirmedError("no hub")
        found = unseal(KEY, phone, sealed) if sealed else None
        self.told.append((phone, found))


class Page:
    """An application with these parts.

    Attributes:
        pictures: The files of pictures by press.
    """

    def __init__(self, folder, **web):
        self.folder = folder
        self.hub = Hub()
        self.pictures = {}
        self.register = Register(folder)
        self.enrolled = self.opened()
        cookie = PhoneCookie(KEY)
        settings = Web.model_validate(web)
        guards = [
            Middleware(Proxies, web=settings),
            Middleware(Guard, register=self.register, cookie=cookie),
        ]
        parts = [
            *files.routes(),
            *Enrolment(KEY, self.enrolled, self.hub.change).routes(),
            Pictures(KEY, self).route(),
            *Login(self.register, cookie, Attempts()).routes(),
        ]
        self.app = assemble(parts, guards)

    def opened(self):
        """What is known of the phones, as after a restart."""
        return Enrolled(self.folder, self.register.phone, lambda name: self.hub.change(name, ""))

    def picture(self, press):
        return self.pictures.get(press)

    def stranger(self):
        return Client(self.app, origin="https://door.example")

    def phone(self):
        """A phone that is logged in as "My phone"."""
        return log_in(self.app, self.folder, origin="https://door.example")


def subscribe(client, endpoint=ENDPOINT, **more):
    """What push.js sends; returns the status."""
    subscription = Browser().subscription(endpoint) | more if endpoint else None
    return tell(client, {"subscription": subscription, "device": "12ab"})


def tell(client, body, **headers):
    sent = {"content_type": "application/json", "origin": client.origin, "accept": "*/*"} | headers
    return client.ask("POST", "/push/subscription", json.dumps(body).encode(), **sent)


@pytest.fixture
def page(tmp_path):
    return Page(tmp_path)
