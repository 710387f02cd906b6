"""The replies of a producer: whom a query concerns."""

from unittest.mock import Mock

import pytest

from hub.producer.producer import Producer
from hub.wire.query import Query
from tests.hub.fakes import HOUSE, HUB, PRESSED

LIGHT, BARK = "doorbell/handler/light", "doorbell/handler/bark"


@pytest.mark.parametrize(
    ("kind", "readers"),
    [(PRESSED, [HUB]), ("light.expired", [LIGHT]), ("*", [HUB, LIGHT])],
)
def test_a_query_is_read_by_those_who_may_publish_its_type(states, net, monkeypatch, kind, readers):
    """Each process hears the queries of all: what cannot concern it costs it next to nothing."""
    query = Query(request="r" * 16, cursors=(), known=(), since=0.0)
    read = Mock(wraps=Query.decode)
    monkeypatch.setattr(Query, "decode", read)
    found = []
    for source in (HUB, LIGHT):
        bus = net.bus()
        Producer(states(source.rpartition("/")[2]), bus, source)
        read.reset_mock()
        bus.hear(HOUSE.query(BARK, kind), query.encode())
        found += [source] * read.call_count
    assert found == readers
