"""The routes of answer links and press addresses."""

from starlette.routing import Route

from hub.remote.press_links import PressLinks
from hub.store.state import StateError
from hub.web.links.answer_page import AnswerPage
from hub.web.links.press_address import PressAddress
from hub.web.links.press_ids import PressIds
from hub.web.site import Site
from hub.wire.tokens.answer_token import Signer


def routes(site: Site) -> list[Route]:
    """`/a/TOKEN` and `/p/TOKEN`.

    Raises:
        StateError: the presses before a restart cannot be read.
    """
    settings = site.settings
    try:
        ids = PressIds(settings.state_dir)
    except OSError as error:
        raise StateError(f"the presses before the restart: {error}") from None
    links = PressLinks(settings.state_dir, site.key)
    page = AnswerPage(settings, Signer(site.key), site.answers)
    return [*page.routes(), PressAddress(settings, links, ids, site.presses).route()]
