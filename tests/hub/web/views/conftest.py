"""The views of a house in which things have happened, without a hub and without a server."""

import pytest

from config import Settings
from hub.mqtt.bus import Bus
from hub.web.app import assemble
from hub.web.guest_book.book import GuestBook
from hub.web.guest_book.house import House
from hub.web.views.assets import Assets
from hub.web.views.drills import Drills
from hub.web.views.pages import Pages
from hub.web.views.renderer import Renderer
from hub.web.views.routes import STATIC
from hub.web.views.stream import Streams
from hub.web.views.viewer import Viewer
from tests.hub.fakes import FakeBus
from tests.hub.web.client import Client
from tests.hub.web.guest_book.story import RecordingCommands, Story


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A house with two doors."""
    doors = {"front": {"name": "Front door"}, "garden": {"name": "Garden gate"}}
    return Settings.model_validate({"state_dir": tmp_path, "doors": doors})


@pytest.fixture
def book(settings, state) -> GuestBook:
    """An empty guest book."""
    return GuestBook(settings, state, RecordingCommands())


@pytest.fixture
def story() -> Story:
    """What happens at the doors."""
    return Story()


@pytest.fixture
def wire(net) -> FakeBus:
    """What the views hear of the house."""
    return net.bus()


@pytest.fixture
def viewer(settings, book, wire) -> Viewer:
    """The views; what they give commands on never connects."""
    bus = Bus(settings.broker)
    house = House(wire, "home", book.changes)
    drills = Drills(bus, settings, "doorbell/web/home", book.changes)
    pages = Pages(settings, book, house, drills)
    return Viewer(pages, Renderer(Assets(STATIC).address), Streams(book.changes), book)


@pytest.fixture
def browser(viewer) -> Client:
    """A browser that needs no login."""
    return Client(assemble([*viewer.routes(), Assets(STATIC).route()]))
