"""Notices events that cannot be what they claim to be: without an ACL anybody may forge some.

A forged event takes a number of a real one. So a number that was taken says little by itself: the
id decides. And a number far beyond what the producer has confirmed is not acted on before it does.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import blake2b

from hub.store.cursors import Cursors
from hub.wire.event import Event
from hub.wire.query import Head
from hub.wire.streams import Key, Numbering

log = logging.getLogger(__name__)
FAR = 1000  # numbers beyond the last one that is known to be real
REMEMBERED = 2 * FAR  # ids, of all numberings together
NUMBERINGS = 1000
FORGED = (
    "two different events are number {number} of {stream}: acted on both. Somebody forges events,"
    " or a file was put back: `doorbell doctor` says whether the broker lets everybody do so"
)


class Doubts:
    """Remembers the last events that were taken in this run, and compares others with them."""

    def __init__(self, cursors: Cursors, tell: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            cursors: How far this consumer has come.
            tell: Called with what was noticed, in words.
        """
        self._cursors = cursors
        self._tell = tell
        self._real: OrderedDict[Numbering, int] = OrderedDict()
        self._ids: OrderedDict[Key, str] = OrderedDict()

    def is_far(self, event: Event) -> bool:
        """Whether a live event has to be confirmed: its producer is asked, and sends it again."""
        return event.sequence > self._real_to(event.numbering) + FAR

    def confirm(self, heads: Iterable[Head], events: Iterable[Event]) -> None:
        """A producer has replied to a query of ours: so far its numberings go."""
        real = [((head.stream, head.epoch), head.after) for head in heads]
        real += [(event.numbering, event.sequence) for event in events]
        for numbering, sequence in real:
            if sequence > self._real_to(numbering):
                self._real[numbering] = sequence

    def took(self, event: Event) -> None:
        """An event was taken for the first time."""
        self._ids[event.key] = event.id
        if len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)

    def other(self, event: Event) -> Event | None:
        """An event whose number was taken, as one to be taken beside it; None for a repeat.

        It gets a numbering of its own, made of its id: so it is taken once, too.
        """
        if self._ids.get(event.key, event.id) == event.id:
            return None
        words = FORGED.format(number=event.sequence, stream=event.stream)
        log.error("%s", words)
        self._tell(words)
        own = blake2b(f"{event.epoch} {event.id}".encode(), digest_size=8).hexdigest()
        return replace(event, epoch=own)

    def _real_to(self, numbering: Numbering) -> int:
        """The last number that is known to be real: at first the cursor of this numbering."""
        if numbering not in self._real:
            self._real[numbering] = self._cursors.position(*numbering)
            if len(self._real) > NUMBERINGS:
                self._real.popitem(last=False)
        self._real.move_to_end(numbering)
        return self._real[numbering]
