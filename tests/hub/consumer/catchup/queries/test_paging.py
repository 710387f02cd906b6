"""Pages of cursors: each query is bounded, and together they are about every numbering once."""

from hypothesis import given
from hypothesis import strategies as st

from hub.consumer.catchup.queries.paging import query_page
from hub.wire import streams
from hub.wire.query import CURSORS, Query, Range
from tests.hub.fakes import PRESSED

SOURCES = [f"doorbell/hub/{name}" for name in ("a", "a-b", "a_b", "ab", "b")]
NUMBERINGS = st.tuples(
    st.builds(
        streams.of, st.sampled_from(SOURCES), st.just(PRESSED), st.sampled_from(["back", "front"])
    ),
    st.text(st.sampled_from("0123456789abcdef"), min_size=16, max_size=16),
)
CURSORS_OF = st.dictionaries(NUMBERINGS, st.integers(0, 9), max_size=30)
KNOWN = st.lists(st.sampled_from(SOURCES), unique=True)


def _round(cursors, known, most):
    """All queries of one round."""
    after, queries = None, []
    rows = [(*numbering, sequence) for numbering, sequence in cursors.items()]
    while not queries or after is not None:
        queries.append(query_page("r", rows, known, 0.0, after=after, most=most))
        after = queries[-1].until
        assert len(queries) < 100
    return queries


@given(CURSORS_OF, KNOWN, st.integers(1, 7))
def test_a_round_has_each_cursor_once(cursors, known, most):
    """In the query whose range it is in, none in two, and the ranges have no gap between them."""
    queries = _round(cursors, known, most)
    sent = [cursor for query in queries for cursor in query.cursors]
    assert sorted(sent) == sorted((*place, sequence) for place, sequence in cursors.items())
    assert [query.after for query in queries[1:]] == [query.until for query in queries[:-1]]
    assert (queries[0].after, queries[-1].until) == (None, None)
    for query in queries:
        assert all(query.range.has(cursor[:2]) for cursor in query.cursors)
        assert len(query.cursors) <= most
        assert len(query.known) <= most + 1


@given(CURSORS_OF, KNOWN, st.integers(1, 7), NUMBERINGS)
def test_a_producer_that_is_known_is_named_wherever_it_may_have_a_numbering(
    cursors, known, most, numbering
):
    """Otherwise events of a numbering that is not mentioned would count as too old."""
    (query,) = [q for q in _round(cursors, known, most) if q.range.has(numbering)]
    source = streams.source_of(numbering[0])
    assert query.range.has_some_of(source)
    assert (source in query.known) == (source in known)


@given(CURSORS_OF, st.integers(10, 20))
def test_a_producer_that_is_not_known_is_not_divided(cursors, most):
    """Replies about all of its numberings make it known; one with too many is divided."""
    queries = _round(cursors, [], most)
    for source in SOURCES:
        count = sum(streams.source_of(stream) == source for stream, _ in cursors)
        whole = [query for query in queries if query.range.has_all_of(source)]
        assert whole or count > most


def test_the_largest_query_is_far_below_the_limit_of_an_event():
    """Names of the greatest length, and a hundred of them; and it is read again as it was."""
    stream = streams.of("doorbell/handler/" + "x" * 64, "a." + "b" * 62, "y" * 64)
    rows = [(stream, f"{number:016x}", 10**15) for number in range(CURSORS + 1)]
    known = ["doorbell/handler/" + "x" * 64]
    query = query_page("r" * 36, rows, known, 1.5e9, after=None)
    assert query.until is not None
    assert len(query.encode()) < Query.MAX_BYTES
    assert Query.decode(query.encode()) == query


def test_a_range_is_told_from_a_source_whose_name_begins_alike():
    """`a` and `a-b` are two sources, and one's numberings lie outside of the other's."""
    only_a = Range((f"{SOURCES[0]} ", ""), (f"{SOURCES[0]}!", ""))
    assert only_a.has((streams.of(SOURCES[0], PRESSED, "front"), "0" * 16))
    for other in SOURCES[1:]:
        assert not only_a.has((streams.of(other, PRESSED, "front"), "0" * 16))
        assert not only_a.has_some_of(other)
