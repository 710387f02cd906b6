"""What the hub saw, while the disk takes nothing."""

import logging
from datetime import UTC, datetime

import pytest

from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.store.state import State, StateError
from tests.hub.fakes import HUB, PRESSED


class Desk:
    """A reporter whose disk can be full, and what it told of."""

    def __init__(self, hub, monkeypatch):
        self.hub, self.is_full, self.told = hub, False, []
        publish = hub.publish

        def try_to(*arguments, **more):
            if self.is_full:
                raise StateError("the disk is full")
            return publish(*arguments, **more)

        monkeypatch.setattr(hub, "publish", try_to)
        self.reporter = Reporter(hub)
        self.reporter.on_report.append(lambda _, event, __: self.told.append(("seen", event)))
        self.reporter.on_journaled.append(
            lambda report, event: self.told.append((report.id, event.id))
        )

    def report(self, number):
        return self.reporter.report(Report(PRESSED, "front", {}, datetime.now(UTC), str(number)))


@pytest.fixture
def desk(hub, monkeypatch):
    return Desk(hub, monkeypatch)


def test_a_report_that_waits_is_told_once_and_its_event_once(desk, caplog):
    """However often the disk refuses it meanwhile; and so it stands in the log."""
    desk.is_full = True
    assert desk.report(1) is None
    for _ in range(5):
        desk.reporter.settle()
    assert desk.told == [("seen", None)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    desk.is_full = False
    desk.reporter.settle()
    desk.reporter.settle()
    assert desk.told == [("seen", None), ("1", "1")]
    assert desk.hub.journal.knows("1")
    assert not desk.reporter.waits_with("1")


def test_reports_that_wait_are_written_in_their_order(desk, net):
    """Also where one comes while the first of them is refused again."""
    desk.is_full = True
    for number in range(3):
        desk.report(number)
    publish = desk.hub.publish

    def refuse_and_hear(*arguments, **more):
        desk.hub.publish = publish
        desk.report(3)
        raise StateError("the disk is full")

    desk.hub.publish = refuse_and_hear
    desk.reporter.settle()
    desk.is_full = False
    desk.reporter.settle()
    assert [event.id for event in net.events(PRESSED)] == ["0", "1", "2", "3"]


def test_a_report_is_known_while_it_is_written_down(desk):
    """A command that is repeated at this moment must not become a second event."""
    desk.is_full = True
    desk.report(1)
    desk.is_full = False
    publish = desk.hub.publish

    def look(*arguments, **more):
        assert desk.reporter.knows("1")
        return publish(*arguments, **more)

    desk.hub.publish = look
    desk.reporter.settle()
    assert desk.told[-1] == ("1", "1")


def test_a_fault_in_what_follows_keeps_no_report_back(desk):
    """The chime may fail, and the press is written down all the same."""

    def fail(*_):
        raise OSError("no sound card")

    desk.reporter.on_report.insert(0, fail)
    desk.reporter.on_journaled.insert(0, fail)
    desk.is_full = True
    desk.report(1)
    desk.is_full = False
    desk.reporter.settle()
    assert desk.told == [("seen", None), ("1", "1")]


def test_a_report_that_can_never_be_written_keeps_no_other_back(desk):
    """Its id is in the journal, which could not be read when it came."""
    desk.is_full = True
    for number in (1, 1, 2):
        desk.report(number)
    assert desk.reporter.fault == "events wait for the disk: the disk is full"
    desk.is_full = False
    desk.reporter.settle()
    assert desk.hub.journal.knows("2")
    assert desk.reporter.fault == ""


def test_a_press_that_meets_a_damaged_index_is_not_lost(tmp_path, net):
    """It waits for a disk that can be written, and what rings without one is told of it."""
    path = tmp_path / "hub.db"
    state = State(path)
    with state.write() as db:
        query = "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'journal'"
        pages = [page for (page,) in db.execute(query)]
        (size,) = db.execute("PRAGMA page_size").fetchone()
    state.close()
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    state = State(path)
    told = []
    try:
        reporter = Reporter(Producer(state, net.bus(), HUB))
        reporter.on_report.append(lambda report, event, _: told.append((report.id, event)))
        assert not reporter.knows("1")
        reporter.report(Report(PRESSED, "front", {}, datetime.now(UTC), "1"))
        assert told == [("1", None)]
        assert reporter.knows("1")
        reporter.settle()
        assert reporter.fault.startswith("events wait for the disk: ")
    finally:
        state.close()
