"""The visits in the guest book, as they follow from events in any order."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from hub.store.guest_book import entries as entering
from hub.store.guest_book import rows, tables
from hub.store.guest_book.entries import Entries
from hub.store.guest_book.look_up import LookUp
from hub.store.guest_book.rules import VisitRules
from tests.hub.web.guest_book.story import BEGAN, Story

RULES = VisitRules(gap_s=60, missed_after_s=120)


def test_presses_in_a_row_are_one_visit(book, story):
    """Presses of one visitor are one visit; a press when nobody waits any more is another one."""
    for after_s in (0, 5, 100, 300):
        book.take(story.press(after_s))
    later, first = book.visits()
    assert (first.presses, first.door_name, first.last) == (3, "Front door", _at(100))
    assert (later.presses, later.began) == (1, _at(300))
    assert first.id == story.told[0].id


def test_an_answer_ends_the_visit_that_rings(book, story):
    """An answer with or without the id of its press ends the visit; a snooze does not."""
    press = story.press()
    book.take(press)
    book.take(story.answer(answer="snooze"))
    assert book.visit(press.id).answer == ""
    book.take(story.answer(answer="coming", by="Anna"))
    visit = book.visit(press.id)
    assert (visit.state, visit.answer, visit.by) == ("answered", "coming", "Anna")
    assert visit.ended == _at(8)


def test_nobody_answers(book, state, story):
    """A visit is missed when `visit` says so, or some time later where it is not installed."""
    said, alone = story.press(), story.press(door="back")
    book.take(said)
    book.take(alone)
    missed = {"visit": said.id, "presses": 1, "at": "2026-11-23T14:02:11Z", "late": True}
    book.take(story.handler("visit.missed", missed, said, handler="visit", after_s=120))
    assert (book.visit(said.id).state, book.visit(said.id).is_late) == ("missed", True)
    assert (book.visit(alone.id).state, book.visit(alone.id).is_late) == ("missed", False)
    assert book.visit(alone.id).ended == _at(120)


def test_a_visitor_rings_now(book, now_story):
    """Who waits is listed as ringing until an answer comes."""
    press = now_story.press()
    book.take(press)
    assert [visit.id for visit in book.ringing()] == [press.id]
    book.take(now_story.answer(press))
    assert not book.ringing()


def test_events_come_in_any_order():
    """Whatever the order in which missed events come, the visit is the same."""
    story = Story()
    press = story.press()
    story.answer(press, by="Anna")
    picture = story.handler("snapshot.taken", {"path": "/media/a.jpg"}, press)
    story.outcome(press, "notify", note="told Anna", took_ms=12.5, started_after_ms=2)
    story.outcome(picture, "notify", note="sent the picture", after_s=3)
    entries = Entries(RULES)
    found = []
    for order in permutations(story.told):
        with closing(sqlite3.connect(":memory:")) as db:
            tables.make(db)
            for event in order:
                entries.take(db, event)
            look_up = LookUp(RULES)
            found.append((look_up.visit(db, press.id, 0), look_up.reactions(db, press.id)))
    assert all(one == found[0] for one in found)
    visit, reactions = found[0]
    assert (visit.by, visit.has_picture) == ("Anna", True)
    assert [reaction.note for reaction in reactions] == ["told Anna", "sent the picture"]


def test_a_clip_of_two_visits_belongs_to_both(book, story):
    """Also when the press of the second one comes later than the clip."""
    first, second = story.press(), story.press(1000)
    clip = {"path": "/media/a.mp4", "presses": [first.id, second.id]}
    for event in (first, story.handler("clip.recorded", clip, first), second):
        book.take(event)
    assert [visit.has_clip for visit in book.visits()] == [True, True]


def test_what_is_missed_for_days_keeps_its_pictures(book, story):
    """A recorder's journal may be read before that of the hub, however many days both tell of."""
    days_s = [day * 86_400.0 for day in range(4)]
    presses = list(map(story.press, days_s))
    taken = {"path": "/m/a.jpg"}
    pictures = [
        story.handler("snapshot.taken", taken, press, after_s=day_s)
        for press, day_s in zip(presses, days_s, strict=True)
    ]
    for event in (*pictures, *presses):
        book.take(event)
    assert [visit.has_picture for visit in book.visits()] == [True] * 4


def test_what_waits_for_a_press_is_bounded(story, monkeypatch):
    """A flood of events without a press costs no more than this; the last ones stay."""
    monkeypatch.setattr(rows, "MOST_EARLY", 3)
    press = story.press()
    strays = [story.press() for _ in range(5)]
    with closing(tables.in_memory()) as db:
        entries = Entries(RULES)
        for one in (*strays, press):
            entries.take(db, story.outcome(one, "light"))
        assert db.execute("SELECT COUNT(*) FROM early").fetchone() == (3,)
        entries.take(db, press)
        assert len(LookUp(RULES).reactions(db, press.id)) == 1


def test_the_reactions_to_a_visit_are_bounded(book, story, monkeypatch, caplog):
    """A flood of a handler costs no more than this; known ones are still told anew."""
    monkeypatch.setattr(entering, "MOST_REACTIONS", 3)
    press = story.press()
    book.take(press)
    causes = [story.event("light.on", {}, cause=press) for _ in range(5)]
    for cause in causes:
        book.take(story.outcome(cause, "light", "retried"))
    book.take(story.outcome(causes[0], "light", attempt=2))
    found = book.reactions(press.id)
    assert sorted(one.outcome for one in found) == ["done", "retried", "retried"]
    assert caplog.text.count("a visit has 3 reactions") == 1
    later = story.press(1000)
    book.take(later)
    book.take(story.outcome(later, "light"))
    assert len(book.reactions(later.id)) == 1


@pytest.mark.parametrize("attempt", ["x" * 600, [1], -1, pytest.param(10**400, id="huge"), None])
def test_a_number_that_is_none_does_not_stop_the_book(book, story, attempt):
    """Whatever a handler writes there, the book stays small, and goes on."""
    press = story.press()
    book.take(press)
    book.take(story.outcome(press, "light", attempt=attempt, took_ms=10**400))
    (reaction,) = book.reactions(press.id)
    assert (reaction.attempt, reaction.took_s) == (1, None)


def test_each_reaction_counts_once(book, story):
    """The last outcome of a handler for an event counts; a drill is no visit."""
    press = story.press()
    drill = story.event("doorbell.drilled", {})
    for event in (
        press,
        drill,
        story.outcome(press, "light", "retried", reason="no lamp", attempt=1),
        story.outcome(press, "light", note="on", attempt=2),
        story.outcome(drill, "light", note="a dry run"),
    ):
        book.take(event)
    (reaction,) = book.reactions(press.id)
    assert (reaction.outcome, reaction.note, reaction.attempt) == ("done", "on", 2)
    assert len(book.visits()) == 1


def test_pages_doors_and_days(book, story):
    """Visits are found by door and day, and page by page."""
    for day in range(3):
        for door in ("front", "back"):
            book.take(story.press(day * 86_400, door))
    front = book.visits(door="front")
    assert [visit.door for visit in front] == ["front"] * 3
    every = book.visits()
    pages = [book.visits(limit=2)]
    while pages[-1]:
        pages.append(book.visits(before=pages[-1][-1].id, limit=2))
    assert [visit for page in pages for visit in page] == every
    today = BEGAN.astimezone().date()
    assert [visit.door for visit in book.visits(day=today)] == ["back", "front"]


def test_forged_data_does_no_harm(book, story):
    """Data of any shape is taken; what makes no sense is left out."""
    press = story.press()
    book.take(press)
    for data in ({}, {"path": 1, "visit": [], "presses": {}}, {"presses": [1], "path": "x"}):
        for kind in ("snapshot.taken", "clip.recorded", "visit.answered", "visit.missed"):
            book.take(story.handler(kind, data, press))
        book.take(story.event("visitor.answered", data))
        book.take(story.handler("handler.done", {**data, "took_ms": "x", "type": 5}, press))
    assert book.visit(press.id).presses == 1


def _at(after_s: float) -> datetime:
    return BEGAN + timedelta(seconds=after_s)
