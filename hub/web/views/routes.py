"""The routes of the views."""

from pathlib import Path

from starlette.routing import Route

from hub.remote.quiet import QuietClient
from hub.web.site import Site
from hub.web.views.actions import Actions
from hub.web.views.assets import Assets
from hub.web.views.drills import Drills
from hub.web.views.pages import Pages
from hub.web.views.renderer import Renderer
from hub.web.views.stream import Streams
from hub.web.views.viewer import Viewer

STATIC = Path(__file__).parent / "static"


def routes(site: Site) -> list[Route]:
    """The views, what they stream and load, and the forms in them."""
    bus, settings, source = site.bus, site.settings, site.source
    book, house = site.book, site.house
    drills = Drills(bus, settings, source, book.changes)
    assets = Assets(STATIC)
    streams = Streams(book.changes)
    site.on_stop.append(streams.close)
    pages = Pages(settings, book, house, drills)
    actions = Actions(
        settings,
        book,
        answers=site.answers,
        presses=site.presses,
        quiet=QuietClient(bus, settings, source),
        drills=drills,
    )
    viewer = Viewer(pages, Renderer(assets.address), streams, book)
    return [*viewer.routes(), *actions.routes(), assets.route()]
