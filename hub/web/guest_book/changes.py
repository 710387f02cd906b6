"""Tells an asyncio program at once what has changed, like a route of server-sent events."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hub.store.guest_book.visit import Change

MOST_WAITING = 100


EVERYTHING = Change("all")


class Listener:
    """One listener's own queue, which is bounded."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._loop = loop
        self._most = most
        self._waiting: deque[Change] = deque()
        self._has_news = asyncio.Event()

    async def next(self) -> Change:
        """Wait for the next change."""
        while not self._waiting:
            self._has_news.clear()
            await self._has_news.wait()
        return self._waiting.popleft()

    def tell(self, changes: tuple[Change, ...]) -> None:
        """In any thread: it does not wait."""
        with suppress(RuntimeError):  # the loop may have been closed by now
            self._loop.call_soon_threadsafe(self._take, changes)

    def _take(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change not in self._waiting:
                self._waiting.append(change)
        if len(self._waiting) > self._most:
            self._waiting.clear()
            self._waiting.append(EVERYTHING)
        self._has_news.set()


class Changes:
    """Has listeners, and tells each of them what has changed. None of them is waited for."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def __len__(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @contextmanager
    def listen(self, most: int = MOST_WAITING) -> Iterator[Listener]:
        """Listen while this lasts; called in the event loop.

        Args:
            most: How many changes may wait. If there are more, `all` comes in their place.
        """
        listener = Listener(asyncio.get_running_loop(), most)
        self._listeners = (*self._listeners, listener)
        try:
            yield listener
        finally:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

    def tell(self, *changes: Change) -> None:
        """In any thread: tell all listeners."""
        for listener in self._listeners:
            listener.tell(changes)
