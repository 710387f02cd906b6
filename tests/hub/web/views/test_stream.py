"""Server-sent events: a view is sent anew when something in it has changed."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from markupsafe import Markup

from hub.store.guest_book.visit import Change
from hub.web.guest_book.changes import Changes
from hub.web.views.renderer import Part
from hub.web.views.stream import BEGIN, Streams, event_of
from tests.forked import PATIENCE_S


class Shown:
    """A view whose content a test sets.

    Attributes:
        text: Its HTML.
        looks: How often it was looked up.
    """

    def __init__(self, text: str = "<p>one</p>") -> None:
        self.text = text
        self.looks = 0

    async def look(self) -> Part:
        """What it shows now."""
        self.looks += 1
        return Part(Markup(self.text), self.text)  # noqa: S704 - a test's own


@asynccontextmanager
async def opened(streams: Streams, view: Shown, seen: str = ""):
    """An open stream; gives a function that waits for its next event."""
    events = streams.follow("/", view.look, seen)
    assert await anext(events) == BEGIN
    try:
        yield lambda: asyncio.wait_for(anext(events), PATIENCE_S)
    finally:
        await events.aclose()


async def soon(condition):
    """Let the other tasks run until this holds."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never held")


@pytest.fixture
def changes() -> Changes:
    return Changes()


def test_a_stream_begins_with_what_the_reader_lacks(changes):
    """After a connection was lost, the reader gets what it missed; else nothing is sent."""

    async def scenario():
        view = Shown()
        async with opened(Streams(changes), view) as next_event:
            assert await next_event() == event_of(await view.look())
        async with opened(Streams(changes), view, seen="<p>one</p>") as next_event:
            view.text = "<p>two</p>"
            changes.tell(Change("visit", "1"))
            assert b"two" in await next_event()

    asyncio.run(scenario())


def test_a_change_that_the_view_does_not_show_sends_nothing(changes):
    """Only a view that looks different is sent."""

    async def scenario():
        view = Shown()
        async with opened(Streams(changes), view) as next_event:
            await next_event()
            looks = view.looks
            changes.tell(Change("reaction", "1"))
            await soon(lambda: view.looks > looks)
            view.text = "<p>two</p>"
            changes.tell(Change("reaction", "1"))
            assert b"two" in await next_event()

    asyncio.run(scenario())


def test_streams_of_one_view_share_one_look(changes):
    """Fifty phones cost as much as one."""

    async def scenario():
        view = Shown()
        streams = Streams(changes)
        async with opened(streams, view) as one, opened(streams, view) as other:
            assert await one() == await other()
            assert view.looks == 1

    asyncio.run(scenario())


def test_no_more_streams_are_open_than_may_be(changes):
    """One that ends makes room for another, and leaves nothing behind."""

    async def scenario():
        streams = Streams(changes, most=1)
        assert streams.has_room
        async with opened(streams, Shown()):
            assert not streams.has_room
        assert streams.has_room
        await soon(lambda: not len(changes))

    asyncio.run(scenario())


def test_streams_end_when_the_process_stops(changes):
    """Open pages do not hold it up."""

    async def scenario():
        view = Shown()
        streams = Streams(changes)
        async with opened(streams, view) as next_event:
            await next_event()
            streams.close()
            with pytest.raises(StopAsyncIteration):
                await next_event()
        assert not streams.has_room

    asyncio.run(scenario())


def test_a_stream_that_is_just_beginning_ends_as_well(changes):
    """It was let in before the process was told to stop, and would hold it up."""

    async def scenario():
        streams = Streams(changes)
        events = streams.follow("/", Shown().look, "")
        streams.close()
        return [event async for event in events]

    assert asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S)) == [BEGIN]


def test_a_view_that_cannot_be_looked_up_ends_its_streams(changes):
    """The browser asks again, and is told why."""

    async def scenario():
        async def fail() -> Part:
            raise OSError("the disk is gone")

        events = Streams(changes).follow("/", fail, "")
        assert await anext(events) == BEGIN
        with pytest.raises(OSError, match="the disk is gone"):
            await asyncio.wait_for(anext(events), PATIENCE_S)

    asyncio.run(scenario())


def test_html_of_several_lines_is_one_event():
    """A blank line would end it."""
    event = event_of(Part(Markup("<p>\n\none</p>\n"), "v1")).decode()
    assert event == "event: part\nid: v1\ndata: <p>\ndata: \ndata: one</p>\n\n"
