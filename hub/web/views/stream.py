"""Server-sent events: a view is sent anew as soon as something in it has changed.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from hub.web.guest_book.changes import Changes
from hub.web.views.renderer import Part

MOST_STREAMS = 50  # phones, tablets and windows at the same time
BEAT_S = 15.0
LIFE_S = 600.0  # then the browser asks anew: this phone may have been logged out
GATHER_S = 0.1  # between two parts: a press makes a dozen changes
BEGIN = b"retry: 1000\n\n"
BEAT = b"event: beat\ndata:\n\n"

Look = Callable[[], Awaitable[Part]]


class Streams:
    """All open streams. Those of the same view share one look at it."""

    def __init__(self, changes: Changes, most: int = MOST_STREAMS) -> None:
        """Prepare.

        Args:
            changes: Tells that something has changed.
            most: How many streams may be open.
        """
        self._changes = changes
        self._most = most
        self._views: dict[str, _FollowedView] = {}
        self._is_closed = False

    @property
    def has_room(self) -> bool:
        """Whether one more may be opened."""
        followers = sum(view.followers for view in self._views.values())
        return followers < self._most and not self._is_closed

    async def follow(self, key: str, look: Look, seen: str) -> AsyncIterator[bytes]:
        """The events of one view, until `close`.

        Args:
            key: Of the view: streams with the same key get the same.
            look: Gives what the view shows now.
            seen: The version that the reader has.
        """
        if key not in self._views:
            self._views[key] = _FollowedView(self._changes, look)
        view = self._views[key]
        view.followers += 1
        ends_at = time.monotonic() + LIFE_S
        try:
            yield BEGIN
            while not (self._is_closed or view.is_over) and time.monotonic() < ends_at:
                if view.part and view.part.version != seen:
                    seen = view.part.version
                    yield event_of(view.part)
                elif not await view.changes_within(BEAT_S):
                    yield BEAT
            view.check()
        finally:
            view.followers -= 1
            if not view.followers:
                view.close()
                del self._views[key]

    def close(self) -> None:
        """End all streams, and open no more; called in the event loop."""
        self._is_closed = True
        for view in self._views.values():
            view.close()


class _FollowedView:
    """Looks at a view after each change, as long as somebody follows it."""

    def __init__(self, changes: Changes, look: Look) -> None:
        self.part: Part | None = None
        self.followers = 0
        self._look = look
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run(changes))
        self._task.add_done_callback(lambda _: self._tell())

    @property
    def is_over(self) -> bool:
        """Whether nothing comes any more: it was closed, or the view cannot be looked up."""
        return self._task.done()

    def check(self) -> None:
        """Raise what was wrong, if the view could not be looked up."""
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    async def changes_within(self, timeout_s: float) -> bool:
        """Wait for news."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Look no more."""
        self._task.cancel()

    async def _run(self, changes: Changes) -> None:
        with changes.listen(most=1) as listener:
            while True:
                part = await self._look()
                if self.part is None or self.part.version != part.version:
                    self.part = part
                    self._tell()
                await asyncio.sleep(GATHER_S)
                with suppress(TimeoutError):  # some things change with the time only
                    async with asyncio.timeout(BEAT_S):
                        await listener.next()

    def _tell(self) -> None:
        """Wake all who wait now; those who come later wait for the next news."""
        self._news.set()
        self._news = asyncio.Event()


def event_of(part: Part) -> bytes:
    """A part as a server-sent event. A blank line ends an event, so each line is a field."""
    lines = "".join(f"data: {line}\n" for line in part.html.splitlines())
    return f"event: part\nid: {part.version}\n{lines}\n".encode()
