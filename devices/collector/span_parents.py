"""Finds the parent of a span from the event that caused it."""

from collections import OrderedDict

REMEMBERED = 5000  # events and traces


class SpanParents:
    """The spans of the last events.

    Args:
        remembered: How many are kept. A span whose cause is forgotten stays in its trace.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._spans: OrderedDict[str, str] = OrderedDict()  # by event, and the first one by trace

    def parent(self, event: str, cause: str | None, trace: str, span: str) -> str | None:
        """Find the parent of an event's span, and remember that span for events that follow.

        Args:
            event: The event's id.
            cause: The id of the event that caused it.
            trace: The id of the trace that both belong to.
            span: The id of the event's own span.

        Returns:
            The span of the cause. If the cause is unknown, the first span of the trace; None for
            an event without a cause.
        """
        first = self._spans.setdefault(trace, span)
        self._spans[event] = span
        while len(self._spans) > self._remembered:
            self._spans.popitem(last=False)
        if not cause:
            return None
        found = self._spans.get(cause, first)
        return found if found != span else None
