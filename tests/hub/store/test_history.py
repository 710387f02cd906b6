"""The history: events read from the files of processes that may be running."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from hub.producer.producer import Producer
from hub.store.file.schema import SCHEMA_VERSION
from hub.store.history import EventQuery, History
from hub.store.inbox.kept_records import KeptRecords
from hub.store.state import State
from hub.wire.trace_context import trace_id
from tests.hub.fakes import HUB, NOTIFY, PRESSED, journaled, ring

SHOP = "doorbell/producer/shop"


@pytest.fixture
def states(states):
    """Each file is opened once."""
    return cache(states)


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


def _ids(history, **wanted):
    return [told.event.id for told in history.events(EventQuery(**wanted))]


def _keep(state, event):
    with state.write() as db:
        KeptRecords(state).add(db, [(event, 1)])


def test_journals_and_records_are_one_history(history, states):
    """The files of all processes are read while they run; each event comes once, newest first."""
    press = journaled(states("hub"))
    clip = journaled(states("notify"), "clip.recorded", source=NOTIFY, cause=press)
    _keep(states("log"), press)
    far = journaled(states("elsewhere"), "light.on", source="doorbell/handler/far")
    _keep(states("log2"), far)
    assert _ids(history) == [far.id, clip.id, press.id]
    assert history.faults == []


def test_events_are_found_by_type_door_and_time(history, states):
    """Each of them alone, and a part of a type."""
    hub, now = states("hub"), datetime.now(UTC)
    old = journaled(hub, time=now - timedelta(hours=3)).id
    back = journaled(hub, subject="back", time=now - timedelta(hours=1)).id
    done = journaled(states("notify"), "handler.done", source=NOTIFY).id
    assert _ids(history, type=PRESSED) == [back, old]
    assert _ids(history, type="handler.*") == [done]
    assert _ids(history, door="back") == [back]
    assert _ids(history, since=now - timedelta(hours=2)) == [done, back]
    assert _ids(history, until=now - timedelta(hours=2)) == [old]


def test_a_trace_is_found_by_what_people_have_at_hand(history, states):
    """An event's id, its beginning or end, or the trace's own; what fits two gives both."""
    one, two = (journaled(states("hub"), time=datetime.now(UTC)) for _ in range(2))
    follower = journaled(states("notify"), "clip.recorded", source=NOTIFY, cause=one)
    trace = trace_id(one.traceparent)
    for name in (one.id, one.id[-12:], one.id.upper(), follower.id, trace, trace[:12].upper()):
        assert history.traces(name) == {trace}, name
    assert history.traces(one.id[:6]) == {trace, trace_id(two.traceparent)}
    assert not any(map(history.traces, ("", "%", "_", "nothing")))
    assert [told.event.id for told in history.trace(trace)] == [one.id, follower.id]


@pytest.mark.parametrize(
    "chosen", ["order-4711", "ORDER-4712", "order_4713", "100%", "a!b", 'the "7"', "Größe", "a\\b"]
)
def test_an_id_that_a_program_chose_is_found(history, states, chosen):
    """It may have any characters. It is found whole, in parts, and as the cause of an event."""
    order = journaled(states("shop"), "order.placed", source=SHOP, id=chosen)
    other = journaled(states("shop"), "order.placed", source=SHOP, id=f"x{chosen.swapcase()}x")
    done = journaled(states("notify"), "handler.done", source=NOTIFY, cause=order)
    trace = trace_id(order.traceparent)
    for name in (chosen, chosen[:-1], chosen[1:]):
        assert history.traces(name) == {trace}, name
    assert history.traces(other.id) == {trace_id(other.traceparent)}
    states("shop").close()
    (history.folder / "shop.db").unlink()
    assert history.traces(chosen) == {trace_id(done.traceparent)}


def test_text_in_data_belongs_to_no_trace(history, states):
    """An id, a trace id or a whole `traceparent` in another event's data does not pull it in."""
    press = journaled(states("hub"))
    trace = trace_id(press.traceparent)
    quoting = {
        "note": f"{press.id} {trace} {press.traceparent}",
        "traceparent": press.traceparent,
        "causationid": press.id,
    }
    foreign = journaled(
        states("hub"), "clip.recorded", source=NOTIFY, data=quoting | {"data": quoting}
    )
    _keep(states("log"), foreign)
    assert [told.event.id for told in history.trace(trace)] == [press.id]
    for name in (press.id, press.id[-8:], trace, trace[:12]):
        assert history.traces(name) == {trace}


def test_the_id_of_an_event_that_is_gone_finds_what_followed_from_it(history, states):
    """Outcomes may be kept for longer than their press."""
    press = journaled(states("elsewhere"))
    done = journaled(states("notify"), "handler.done", source=NOTIFY, cause=press)
    states("elsewhere").close()
    (history.folder / "elsewhere.db").unlink()
    trace = trace_id(press.traceparent)
    assert history.traces(press.id) == {trace}
    assert [told.event.id for told in history.trace(trace)] == [done.id]


def test_a_damaged_row_hides_no_other(history, states):
    """One whose payload is no JSON is passed over, even where it quotes the trace."""
    press = journaled(states("hub"))
    trace = trace_id(press.traceparent)
    damaged = journaled(states("hub"))
    with states("hub").write() as db:
        payload = f"{{{press.traceparent}".encode()
        db.execute("UPDATE journal SET payload = ? WHERE id = ?", (payload, damaged.id))
    assert [told.event.id for told in history.trace(trace)] == [press.id]
    assert history.traces(trace[:12]) == {trace}
    assert history.faults == []


def test_a_journal_knows_when_it_was_written_and_acknowledged(history, hub):
    """The times are seconds after the event, on the clock that never jumps."""
    ring(hub, age_s=2)
    hub.settle()
    (told,) = history.events(EventQuery())
    assert 2 <= told.journaled_s <= told.acknowledged_s < 20


def test_an_event_of_an_earlier_process_has_no_time_of_acknowledgement(history, state, net):
    """An earlier process may have run in another boot, whose seconds mean nothing now."""
    left = journaled(state)
    producer = Producer(state, net.bus(), HUB)
    ring(producer)
    producer.settle()
    assert {
        told.event.id == left.id: told.acknowledged_s is None
        for told in history.events(EventQuery())
    } == {
        True: True,
        False: False,
    }


def test_a_file_that_cannot_be_read_hides_no_other(history, states, tmp_path):
    """The fault says what to do; so it is with a file that a newer doorbell wrote."""
    press = journaled(states("hub"))
    (tmp_path / "broken.db").write_bytes(
        b"no database at all, but longer than a header of one hundred bytes" * 3
    )
    with closing(State(tmp_path / "newer.db")) as newer, newer.write() as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert _ids(history) == [press.id]
    told = "\n".join(history.faults)
    assert "broken.db: cannot be read" in told
    assert "newer.db: cannot be read: written by a newer doorbell" in told


def test_a_view_in_place_of_a_table_is_not_read(history, states, tmp_path):
    """It may have rows without an end, and root would read them for ever."""
    press = journaled(states("hub"))
    states("odd")
    with closing(sqlite3.connect(tmp_path / "odd.db")) as db:
        db.execute("ALTER TABLE journal RENAME TO before")
        db.execute(
            "CREATE VIEW journal AS "
            "WITH RECURSIVE r(x) AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) "
            "SELECT x AS position, x'00' AS payload, 't' AS type, 0.0 AS time, "
            "0 AS journaled, 0 AS acknowledged FROM r"
        )
    assert _ids(history) == [press.id]
    assert history.faults == []
