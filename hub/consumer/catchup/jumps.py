"""A reply that moves a cursor over events that were never had is believed when it is repeated."""

from hub.store.cursors import Cursors
from hub.wire.query import Head, Numbering, Query, Reply

FAR = 1000  # that many events that are not owed are a jump, also in a numbering that is new
MOST = 1000  # jumps that wait
WAIT_S = 3.0  # between the two replies; the real one to the first query is there by then


class Jumps:
    """Keeps the jumps that a reply has told, until one that comes later tells them, too.

    A real producer replies to each query, also where somebody forges a reply in its name. Its reply
    tells of no jump: then the forged one is forgotten.
    """

    def __init__(self) -> None:
        self._told: dict[Numbering, tuple[float, int]] = {}  # when it was told, and how far

    def checked(self, reply: Reply, query: Query, cursors: Cursors) -> list[Head]:
        """The heads of a reply that are believed.

        Args:
            reply: The reply; what it does not tell any more is forgotten.
            query: What it replies to.
            cursors: How far this consumer has come.
        """
        heads = {(head.stream, head.epoch): head for head in reply.heads}
        if not reply.more:
            self._forget(reply.source, query, heads)
        return [head for head in heads.values() if self._is_believed(head, cursors)]

    def _is_believed(self, head: Head, cursors: Cursors) -> bool:
        key = (head.stream, head.epoch)
        position = cursors.position(*key)
        is_jump = head.after > position + FAR or 0 < position < head.after
        now = cursors.clock.uptime_s()
        told_s, after = self._told.pop(key, (now, head.after))
        if not is_jump or (now - told_s >= WAIT_S and after == head.after):
            return True
        if len(self._told) < MOST:
            if after != head.after:
                told_s = now
            self._told[key] = (told_s, head.after)
        return False

    def _forget(self, source: str, query: Query, heads: dict[Numbering, Head]) -> None:
        for key in list(self._told):
            is_its_own = key[0].startswith(f"{source} ")
            if is_its_own and key not in heads and query.range.has(key):
                del self._told[key]
