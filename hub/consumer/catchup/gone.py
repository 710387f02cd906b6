"""Numberings of which their producers know nothing any more."""

from hub.store.cursors import Cursors
from hub.wire import streams
from hub.wire.query import Reply
from hub.wire.streams import Numbering


class Gone:
    """Keeps them: they are not asked for, and their cursors go when a second round says it, too.

    Args:
        cursors: How far this consumer has come.
    """

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._now: set[Numbering] = set()
        self._before: set[Numbering] = set()  # what the last round said

    def __contains__(self, numbering: Numbering) -> bool:
        return numbering in self._now

    def note(self, reply: Reply) -> None:
        """A reply says which are gone, of its sender's own, and which are there."""
        self._now.update(key for key in reply.gone if streams.source_of(key[0]) == reply.source)
        self._now.difference_update((head.stream, head.epoch) for head in reply.heads)

    def end_round(self) -> None:
        """Forget how far those have come that were gone in the last round, too."""
        self._cursors.forget(self._now & self._before)
        self._before = set(self._now)
