"""Reactions that are heard before the hub goes on with the press that it has just published."""

import threading

from hub.wire.event import Event

KEPT = 100


class EarlyReactions:
    """The causes of the last reactions. Any thread may use it.

    A press is published before the features of the hub are told of it, so that the reactions begin
    at once. On a busy machine a reaction can be over by then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._causes: dict[str, None] = {}

    def note(self, reaction: Event) -> None:
        """Remember what this one was a reaction to."""
        if not reaction.cause:
            return
        with self._lock:
            self._causes[reaction.cause] = None
            if len(self._causes) > KEPT:
                del self._causes[next(iter(self._causes))]

    def has(self, press: str) -> bool:
        """Whether a reaction to the event of this id was heard."""
        with self._lock:
            return press in self._causes
