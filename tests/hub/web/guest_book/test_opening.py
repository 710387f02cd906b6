"""The guest book of a process: open as long as it runs, and only where there is a page."""

import os
import signal

import pytest

from config import Settings
from hub.store.state import StateError
from hub.web.guest_book.opening import open_guest_book
from hub.wire import topics
from tests.house import until
from tests.hub.fakes import PRESSED, ring
from tests.hub.store.file.test_memory_fallback import _full_disk as full_disk

WEB = topics.source("web", "home")


def test_it_takes_in_events_while_it_is_open(tmp_path, net, hub):
    """From the first press on, and its changes are told."""
    bus = net.bus()
    with open_guest_book(Settings(state_dir=tmp_path), bus, WEB) as book:
        press = ring(hub)
        until(lambda: book.visit(press.id), "the press is in the book")
    with open_guest_book(Settings(state_dir=tmp_path), net.bus(), WEB) as again:
        assert again.visit(press.id).presses == 1


def test_each_event_is_told_once_although_its_transaction_was_tried_twice(tmp_path, net, hub):
    """A watcher counts presses: on a full disk it would count each of them twice."""
    told = []
    with open_guest_book(Settings(state_dir=tmp_path), net.bus(), WEB) as book:
        book.watchers.append(told.append)
        with full_disk():
            press = ring(hub)
            until(lambda: told, "the press is told")
        assert book.visit(press.id).presses == 1
    assert [event.id for event in told if event.type == PRESSED] == [press.id]


def test_a_book_that_cannot_go_on_ends_the_process(tmp_path, net, hub, monkeypatch):
    """A page that goes on without it would show for ever that nobody rings."""
    signals = []
    monkeypatch.setattr(os, "kill", lambda _, number: signals.append(number))

    def serve():
        with open_guest_book(Settings(state_dir=tmp_path), net.bus(), WEB) as book:
            book.watchers.append(_fail)
            ring(hub)
            until(lambda: signals, "the process is told to end")

    with pytest.raises(StateError, match="cannot go on: the disk is gone"):
        serve()
    assert signals == [signal.SIGTERM]


def _fail(_):
    raise StateError("the disk is gone")


def test_without_a_page_nothing_is_taken_in(tmp_path, net, hub):
    """A house that serves links only pays nothing for the page."""
    bus = net.bus()
    settings = Settings.model_validate({"state_dir": tmp_path, "web": {"page": False}})
    with open_guest_book(settings, bus, WEB) as book:
        ring(hub)
        assert not [one for one in bus.filters() if "event/#" in one or "/reply/" in one]
        assert book.visits() == []
