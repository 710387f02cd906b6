"""What the replies of producers were about: whether all that a producer has is known."""

from collections import Counter
from collections.abc import Iterable

from hub.wire import streams
from hub.wire.query import Cursor, Range


class Heard:
    """Which numberings the replies of a producer were about, until they were about all.

    Attributes:
        rounds: How many rounds of queries have begun, by event type.
    """

    def __init__(self) -> None:
        self.rounds: Counter[str] = Counter()
        self._seen: dict[tuple[str, str], Range] = {}  # of a type and source
        self._epochs: dict[tuple[str, str], str] = {}  # of the source, when the round began
        self._complete: dict[tuple[str, str], str] = {}

    def begin(self, kind: str, cursors: Iterable[Cursor]) -> None:
        """A round begins; what was heard before does not count.

        Args:
            kind: The event type.
            cursors: Those of it, the last moved first. A source has at least come to the epoch of
                the event that was last taken from it.
        """
        self.rounds[kind] += 1
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] != kind}
        self._epochs = {key: one for key, one in self._epochs.items() if key[0] != kind}
        for stream, epoch, _ in cursors:
            self._epochs.setdefault((kind, streams.source_of(stream)), epoch)

    def is_whole(self, kind: str, source: str, seen: Range) -> bool:
        """Whether this range and those before it have all numberings of the producer."""
        before = self._seen.get((kind, source))
        if before and seen.after and (before.until is None or seen.after <= before.until):
            seen = Range(before.after, seen.until)
        if seen.has_all_of(source):
            self._seen.pop((kind, source), None)
            return True
        self._seen[kind, source] = seen
        return False

    def complete(self, kind: str, source: str) -> None:
        """Everything that the producer has was heard in this round, and is believed."""
        if epoch := self._epochs.get((kind, source)):
            self._complete[kind, source] = epoch

    def is_complete(self, kind: str, source: str, epoch: str) -> bool:
        """Whether all numberings that are older than this epoch are known: they grow no more."""
        return self._complete.get((kind, source)) == epoch
