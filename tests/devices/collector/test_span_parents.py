"""A span hangs under the span of the event that caused it."""

from devices.collector import SpanParents


def test_the_parent_is_the_span_of_the_cause():
    """An event without a cause is the root of its trace."""
    parents = SpanParents()
    assert parents.parent("press", None, "trace", "a") is None
    assert parents.parent("picture", "press", "trace", "b") == "a"
    assert parents.parent("notification", "picture", "trace", "c") == "b"


def test_an_unknown_cause_is_replaced_by_the_first_span_of_the_trace():
    """The cause may be an event that was never published."""
    parents = SpanParents()
    parents.parent("press", None, "trace", "a")
    assert parents.parent("clip", "timer", "trace", "b") == "a"
    assert parents.parent("other", "unknown", "other trace", "c") is None


def test_it_forgets_the_oldest():
    """The memory is bounded; a span whose cause is forgotten is a root."""
    parents = SpanParents(remembered=4)
    parents.parent("press", None, "trace", "a")
    parents.parent("next", None, "other trace", "b")
    parents.parent("last", None, "third trace", "c")
    assert parents.parent("late", "press", "trace", "d") is None
