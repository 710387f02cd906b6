"""Visits: presses and answers at a door, combined in whatever order they arrive."""

import json
from itertools import permutations

import pytest

from devices.button import VisitAnswer, VisitBook, open_book

GAP_S = 60
MISSED_S = 120


def _book(kept=None):
    return VisitBook(kept, gap_s=GAP_S, missed_after_s=MISSED_S)


def _press(book, press, at):
    return book.add_press(press, "front", at, late=False)


def test_presses_while_it_rings_are_one_visit():
    """It rings until the wait after its last press is over; an older press may still come."""
    book = _book()
    visit = _press(book, "one", 1000)
    assert _press(book, "two", 1119) is visit
    assert _press(book, "zero", 941) is visit
    assert (visit.began, visit.last, visit.presses) == (941, 1119, ["one", "two", "zero"])
    assert _press(book, "other", 1119 + MISSED_S) is not visit


def test_after_an_answer_a_press_within_the_gap_belongs_to_it():
    """The visitor may still be at the door; a later press is a new visit."""
    book = _book()
    visit = _press(book, "one", 1000)
    visit.end("answered", by="answer", at=1020)
    assert _press(book, "two", 1079) is visit
    assert _press(book, "three", 1079 + GAP_S) is not visit
    assert (visit.by, visit.ended) == ("answer", 1020)


def test_a_press_is_counted_once():
    """It can be found by its id, and adding it again changes nothing."""
    book = _book()
    visit = _press(book, "one", 1000)
    visit.add("one", 1000)
    assert book.visit_of("one") is visit
    assert book.visit("one") is visit
    assert visit.presses == ["one"]


def test_an_answer_is_for_its_press_or_for_who_rings_at_that_time():
    """An answer that names a press fits no other visit."""
    book = _book()
    visit = _press(book, "one", 1000)
    assert book.ringing_for(VisitAnswer("a", "one", 9999)) is visit
    assert book.ringing_for(VisitAnswer("a", "other", 1010)) is None
    assert book.ringing_for(VisitAnswer("a", "", 1010)) is visit
    assert book.ringing_for(VisitAnswer("a", "", 999)) is None
    assert book.ringing_for(VisitAnswer("a", "", 1001 + MISSED_S)) is None


def test_an_answer_that_comes_first_waits_for_its_press():
    """It is kept once."""
    book = _book()
    early = VisitAnswer("a", "one", 1010, {"answer": "coming"})
    book.keep_answer(early)
    book.keep_answer(early)
    assert len(book.as_json()["answers"]) == 1
    assert book.early_answer(_press(book, "one", 1000)) == early


def test_the_order_of_arrival_does_not_matter():
    """Three presses of one visitor are one visit in all six orders."""
    times = {"one": 1000, "two": 1030, "three": 1060}
    for order in permutations(times):
        book = _book()
        for press in order:
            _press(book, press, times[press])
        (visit,) = book.as_json()["visits"]
        assert (visit["began"], visit["last"], len(visit["presses"])) == (1000, 1060, 3)


def test_a_book_survives_as_json():
    """What was written can be read again, as it was."""
    book = _book()
    _press(book, "one", 1000).end("missed", by="timer", at=1120)
    book.keep_answer(VisitAnswer("a", "", 5000, {"answer": "coming"}))
    kept = json.loads(json.dumps(book.as_json()))
    assert _book(kept).as_json() == kept
    assert _book(kept).visit("one").state == "missed"


def test_the_book_stays_small():
    """Old visits and answers are dropped; one that still rings never is."""
    book = _book()
    _press(book, "ringing", 0)
    for number in range(1, 100):
        _press(book, f"{number}", number * 1000).end("missed", by="x", at=number * 1000 + 120)
        book.keep_answer(VisitAnswer(f"{number}", "unknown", 0))
    kept = book.as_json()
    assert (len(kept["visits"]), len(kept["answers"])) == (21, 20)
    assert kept["visits"][0]["id"] == "ringing"


def test_a_book_is_kept_when_its_block_ends_well():
    """A block that fails leaves the memory as it was; a block may return early."""
    memory = {}
    rules = {"gap_s": 60, "missed_after_s": 120}

    def press(name, at):
        with open_book(memory, "front", **rules) as book:
            return book.add_press(name, "front", at, late=False).id

    assert press("a", 1000) == "a"
    assert press("b", 1010) == "a"
    kept = dict(memory)

    def fail():
        with open_book(memory, "front", **rules) as book:
            book.add_press("c", "front", 5000, late=False)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert memory == kept
    with open_book(memory, "back", **rules) as book:
        assert book.visit_of("a") is None


def test_an_answer_ends_the_visit_that_rings_or_waits_for_its_press():
    """A visit is ended once: by its answer, or as missed, whichever comes first."""
    book = _book()
    assert book.answer(VisitAnswer("a", "two", 1900)) is None
    first = _press(book, "one", 1000)
    assert book.answer_early(first, press="one") is None
    assert book.miss("one", by="timer", at=1120) is first
    assert book.miss("one", by="timer", at=1120) is None
    second = _press(book, "two", 2000)
    assert book.answer_early(second, press="two") == VisitAnswer("a", "two", 1900)
    assert (second.state, second.by, second.ended) == ("answered", "two", 1900)
    third = _press(book, "three", 3000)
    assert book.answer(VisitAnswer("b", "", 3010)) is third
    assert (third.state, third.by) == ("answered", "b")
