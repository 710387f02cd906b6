"""A handler's inbox as commands see it: dead letters and replayed events, running or not."""

import shutil
import sqlite3
import threading
from contextlib import closing

import pytest

from hub import testing
from hub.plugin.decorator import Drop
from hub.store.inbox.inbox import Inbox
from hub.store.inbox.inbox_file import DEAD, IN_HAND, NEW, InboxError, InboxFile
from hub.store.state import State
from tests.forked import PATIENCE_S
from tests.hub.fakes import (
    HOUSE,
    FakeClock,
    consumer_of,
    does,
    journaled,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
)


@pytest.fixture
def inbox(state, tmp_path):
    """The handler's own file, as `doorbell dead-letters` sees it."""
    return InboxFile(tmp_path / "own.db")


def _refuse(_):
    raise Drop("no such flag")


@pytest.fixture
def dead(react, hub, inbox):
    """The dead letter of a press that the handler gave up."""
    ring(hub)
    react(does(_refuse), since_s=60)
    (letter,) = inbox.dead()
    return letter


def test_a_dead_letter_says_what_it_is_and_why(dead):
    """It holds handler, event, attempts and reason."""
    assert (dead.handler, dead.event.type, dead.attempts, dead.reason) == (
        "own",
        "doorbell.pressed",
        1,
        "no such flag",
    )


def test_a_dead_letter_that_is_retried_is_tried_as_if_it_were_new(dead, inbox, react):
    """It has all its attempts again, and its outcome is published."""
    assert inbox.retry(dead, any_age=False)
    assert inbox.dead() == []
    seen = []
    said = react(does(seen.append), until=2)
    assert [kind for kind, _ in said] == ["handler.dead", "handler.done"]
    assert [(event.id, event.attempt, event.redelivered) for event in seen] == [
        (dead.event.id, 1, False)
    ]
    assert not inbox.retry(dead, any_age=False)


def test_a_discarded_letter_is_gone_and_does_not_come_back(dead, inbox, state, net):
    """It counts as taken: no producer owes it any more."""
    assert inbox.discard(dead)
    assert not inbox.discard(dead)
    assert rows(state, "SELECT * FROM inbox") == []
    assert Inbox(state).claim(dead.event) is None


def test_a_letter_ahead_of_a_gap_is_remembered_when_it_is_discarded(state, states, inbox):
    """Only its row says that it was taken, when the missing event comes."""
    hub = states("hub")
    missing, gone = journaled(hub), journaled(hub)
    own = Inbox(state)
    delivery = own.claim(gone)
    with state.write() as db:
        own.dead_letter(db, delivery, "why")
    assert inbox.discard(inbox.dead()[0])
    assert own.claim(gone) is None
    assert own.claim(missing)


def test_an_event_that_is_done_can_be_replayed(hub, react, inbox, state):
    """It is no redelivery: a handler that skips those still does what a person asks for."""
    press = ring(hub)
    seen = []
    react(does(seen.append), since_s=60, on_redelivery="skip")
    assert inbox.fate(press) == inbox.put(press, any_age=False) == NEW
    assert inbox.fate(press) == inbox.put(press, any_age=False) == IN_HAND
    react(does(seen.append), until=2, on_redelivery="skip")
    assert [event.redelivered for event in seen] == [False, False]
    assert rows(state, "SELECT * FROM inbox") == []


@pytest.mark.parametrize("wished", ["before the next start", "after it"])
@pytest.mark.parametrize("way", ["retry", "put"])
def test_what_a_person_wants_from_a_copied_file_is_no_redelivery(tmp_path, way, wished):
    """It was moved to another disk, in a boot whose clock is not set: the wish is newer."""
    path, clock = tmp_path / "own.db", FakeClock()
    with closing(State(path, clock)) as state:
        own = Inbox(state)
        delivery = own.claim(testing.event("doorbell.pressed", "front"))
        with state.write() as db:
            own.dead_letter(db, delivery, "no sound card")
            if way == "put":
                own.finish(db, delivery)
    path.rename(tmp_path / "backup")
    shutil.copy(tmp_path / "backup", path)
    inbox = InboxFile(path)

    def wish():
        if way == "retry":
            assert inbox.retry(*inbox.dead(), any_age=True)
        else:
            assert inbox.put(delivery.event, any_age=True) == NEW

    if wished == "before the next start":
        wish()
    clock.reboot(synchronised=False)
    with closing(State(path, clock)) as state:
        own = Inbox(state)
        own.recover()
        if wished == "after it":
            wish()
        again = own.take_due()
        assert (again.event.id, again.event.redelivered) == (delivery.event.id, False)
        with state.write() as db:
            own.retry(db, again, 0.0)
        assert not own.take_due().event.redelivered


def test_an_event_that_never_came_is_taken_once(state, inbox, hub, net, react):
    """It is put into the inbox, and then the producer sends it, too."""
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    press = ring(hub)
    assert inbox.put(press, any_age=False) == NEW
    seen = []
    react(does(seen.append), since_s=60)
    assert [event.id for event in seen] == [press.id]
    assert Inbox(state).claim(press) is None


def test_a_dead_letter_is_not_put_in_again(dead, inbox):
    """`doorbell dead-letters retry` is for it."""
    assert inbox.put(dead.event, any_age=False) == DEAD


@pytest.mark.parametrize(
    ("any_age", "outcome"), [(False, "handler.skipped"), (True, "handler.done")]
)
def test_the_handlers_own_age_limit_holds_unless_a_person_says_otherwise(
    hub, react, inbox, any_age, outcome
):
    """A dog must not bark by accident for yesterday's visitor."""
    press = ring(hub, age_s=100)
    inbox.put(press, any_age=any_age)
    assert react(does(), max_age_s=50)[0][0] == outcome


def test_a_running_handler_is_woken(state, net, hub, inbox):
    """The command wakes it; otherwise it looks within a minute."""
    press = ring(hub)
    seen, put, bus = [], [], net.bus()
    consumer = consumer_of(state, bus, reaction(does(seen.append), since_s=60))

    def wake():
        if not put and len(outcomes(state)) == 1 and inbox.fate(press) == NEW:
            put.append(inbox.put(press, any_age=False))
            bus.hear(HOUSE.command("doorbell/cli/7", "wake", "notify"), b"{}")
        return len(outcomes(state)) == 2

    run_until(consumer, wake)
    assert [event.id for event in seen] == [press.id] * 2


def test_two_writers_wait_for_each_other(inbox, state, hub):
    """A command waits while the handler holds the file, which takes milliseconds."""
    press = ring(hub)
    done = []
    with state.write():
        other = threading.Thread(target=lambda: done.append(inbox.put(press, any_age=False)))
        other.start()
    other.join(PATIENCE_S)
    assert done == [NEW]


def test_a_file_that_cannot_be_used_says_why(tmp_path):
    """The error says where, what, and what to do."""
    with pytest.raises(
        InboxError, match=r"gone.db: there is no such file: gone has never run here"
    ):
        InboxFile(tmp_path / "gone.db")
    (tmp_path / "broken.db").write_bytes(b"x" * 4096)
    with pytest.raises(InboxError, match=r"broken.db: .*Run the command as the user"):
        InboxFile(tmp_path / "broken.db")
    State(tmp_path / "old.db").close()
    with sqlite3.connect(tmp_path / "old.db") as db:
        db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(
        InboxError, match=r"another version of doorbell \(schema 1\). Start the handler once"
    ):
        InboxFile(tmp_path / "old.db")
