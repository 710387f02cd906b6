"""A reply that moves a cursor over events that were never had is believed when it is repeated."""

from hub.consumer.catchup.claims import Claims
from hub.store.cursors import Cursors
from hub.wire.query import Head, Query, Reply
from hub.wire.streams import Numbering

FAR = 1000  # that many events that are not owed are a jump, also in a numbering that is new


class Jumps:
    """Finds the jumps that a reply tells.

    Args:
        cursors: How far this consumer has come.
    """

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._told: Claims[Numbering] = Claims(cursors.clock.uptime_s)

    def checked(self, reply: Reply, query: Query) -> list[Head]:
        """The heads of a reply that are believed.

        Args:
            reply: The reply; what it does not tell any more is forgotten.
            query: What it replies to.
        """
        heads = {(head.stream, head.epoch): head for head in reply.heads}
        self._told.forget(reply, query, heads.keys())
        owed = reply.source in query.known  # all of a numbering that is new
        return [head for key, head in heads.items() if self._is_believed(key, head, is_owed=owed)]

    def _is_believed(self, key: Numbering, head: Head, *, is_owed: bool) -> bool:
        position = self._cursors.position(*key)
        is_loss = position < head.after and (is_owed or position > 0)
        if is_loss or head.after > position + FAR:
            return self._told.is_repeated(key, head.after)
        self._told.drop(key)
        return True
