"""The trace: what follows from one press carries its id."""

import pytest

from hub.wire import trace_context


def test_a_child_is_another_span_of_the_same_trace():
    """The trace id and the flags stay, the span is new."""
    parent = trace_context.begin()
    child = trace_context.child(parent)
    assert trace_context.TRACEPARENT.fullmatch(child)
    assert trace_context.trace_id(child) == trace_context.trace_id(parent)
    assert child.split("-")[2] != parent.split("-")[2]
    assert child.split("-")[3] == "01"


def test_traces_are_told_apart():
    """Each beginning is another trace."""
    begun = {trace_context.trace_id(trace_context.begin()) for _ in range(100)}
    assert len(begun) == 100


@pytest.mark.parametrize(
    "text",
    [
        "00-" + "0" * 32 + "-" + "a" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "0" * 16 + "-01",
        "01-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "00-" + "A" * 32 + "-" + "b" * 16 + "-01",
        "00-" + "a" * 31 + "-" + "b" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "b" * 16 + "-01\n",
    ],
)
def test_what_is_no_trace_context_is_not_taken_for_one(text):
    """Zeros, capitals, other versions and lengths are refused (W3C Trace Context, 3.2)."""
    assert not trace_context.TRACEPARENT.fullmatch(text)
