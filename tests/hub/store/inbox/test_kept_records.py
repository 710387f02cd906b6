"""What a handler keeps (`hub.keep`), and how long."""

from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from hub.store.inbox import kept_records
from hub.store.inbox.kept_records import DAY_S, HOUR_S, KeptRecords
from tests.hub.fakes import journaled, rows


class Shelf:
    """Records of one handler, and a clock that the test moves."""

    def __init__(self, states):
        self.hub, self.own = states("hub"), states("own")
        self.records = KeptRecords(self.own)

    def keep(self, days, *, age_days=0.0):
        """Keep a new event of that age, and give its id."""
        at = datetime.now(UTC) - timedelta(days=age_days)
        event = journaled(self.hub, time=at)
        self.own.do(lambda db: self.records.add(db, [(event, days)]))
        return event.id

    @property
    def kept(self):
        return {one for (one,) in rows(self.own, "SELECT id FROM record")}

    def pass_days(self, days):
        self.own.clock.passed_s += days * DAY_S


@pytest.fixture
def shelf(states):
    return Shelf(states)


def test_each_event_is_kept_as_long_as_it_was_said(shelf):
    """Whatever other calls of the same handler say."""
    long, short, for_ever = shelf.keep(365), shelf.keep(7), shelf.keep(inf)
    shelf.pass_days(8)
    new = shelf.keep(7, age_days=-8)
    assert shelf.kept == {long, for_ever, new}
    shelf.pass_days(358)
    shelf.keep(7)
    assert shelf.kept == {for_ever}
    assert short not in shelf.kept


def test_a_record_of_an_earlier_schema_is_kept_as_long_as_the_next_one(shelf):
    """It does not say how long."""
    old = shelf.keep(365, age_days=8)
    newer = shelf.keep(1, age_days=6)
    shelf.own.do(lambda db: db.execute("UPDATE record SET days = NULL"))
    shelf.pass_days(HOUR_S / DAY_S)
    added = shelf.keep(7)
    assert shelf.kept == {newer, added}
    assert old not in shelf.kept


def test_no_record_is_old_while_the_clock_is_wrong(shelf):
    """It may show any year."""
    shelf.own.clock.synchronised = False
    old = shelf.keep(7, age_days=8)
    assert shelf.kept == {old}


def test_many_old_records_go_a_part_with_each_event(shelf, monkeypatch):
    """The next event must not wait for them."""
    monkeypatch.setattr(kept_records, "BATCH", 2)
    shelf.own.clock.synchronised = False
    for _ in range(5):
        shelf.keep(7, age_days=8)
    shelf.own.clock.synchronised = True
    counts = []
    for _ in range(3):
        shelf.keep(7)
        counts.append(len(shelf.kept))
    assert counts == [4, 3, 3]


def test_what_is_kept_in_memory_comes_onto_the_disk_with_its_days(shelf):
    """The disk takes nothing meanwhile."""
    shelf.own.fallback.sync_failed(OSError(5, "Input/output error"))
    assert shelf.own.disk_fault
    kept = shelf.keep(30)
    shelf.own.fallback.write_back(at_once=True)
    assert not shelf.own.disk_fault
    assert rows(shelf.own, "SELECT id, days FROM record") == [(kept, 30.0)]
