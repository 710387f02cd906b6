"""The guest book of a process: open as long as it runs, and only where there is a page."""

from config import Settings
from hub.web.guest_book.opening import open_guest_book
from hub.wire import topics
from tests.house import until
from tests.hub.fakes import ring

WEB = topics.source("web", "home")


def test_it_takes_in_events_while_it_is_open(tmp_path, net, hub):
    """From the first press on, and its changes are told."""
    bus = net.bus()
    with open_guest_book(Settings(state_dir=tmp_path), bus, WEB) as book:
        press = ring(hub)
        until(lambda: book.visit(press.id), "the press is in the book")
    with open_guest_book(Settings(state_dir=tmp_path), net.bus(), WEB) as again:
        assert again.visit(press.id).presses == 1


def test_without_a_page_nothing_is_taken_in(tmp_path, net, hub):
    """A house that serves links only pays nothing for the page."""
    bus = net.bus()
    settings = Settings.model_validate({"state_dir": tmp_path, "web": {"page": False}})
    with open_guest_book(settings, bus, WEB) as book:
        ring(hub)
        assert not [one for one in bus.filters() if "event/#" in one or "/reply/" in one]
        assert book.visits() == []
