"""The replies of a producer: whom a query concerns."""

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
    read = []
    decode = Query.decode
    for source in (HUB, LIGHT):
        producer = Producer(states(source.rpartition("/")[2]), net.bus(), source)

        def note(payload, *, source=source):
            read.append(source)
            return decode(payload)

        query = Query(request="r" * 16, cursors=(), known=(), since=0.0)
        monkeypatch.setattr(Query, "decode", note)
        producer._replies._bus.hear(HOUSE.query(BARK, kind), query.encode())
    assert read == readers
