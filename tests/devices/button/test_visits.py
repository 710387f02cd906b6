"""Visits: presses and answers at a door, combined in whatever order they arrive."""

import json
from itertools import permutations

import pytest

from devices.button import VisitAnswer, VisitBook, open_book
from devices.machine import Moment

GAP_S = 60
MISSED_S = 120


def _book(kept=None):
    return VisitBook(kept, gap_s=GAP_S, missed_after_s=MISSED_S)


def _press(book, press, at, boot="", uptime_s=0.0):
    return book.add_press(press, "front", Moment(at, boot, uptime_s), late=False)


def _answer(name, press, at, *said, **stamp):
    return VisitAnswer(name, press, Moment(at, **stamp), *said)


def test_presses_while_it_rings_are_one_visit():
    """It rings until the wait after its last press is over; an older press may still come."""
    book = _book()
    visit = _press(book, "one", 1000)
    assert _press(book, "two", 1119) is visit
    assert _press(book, "zero", 941) is visit
    assert (visit.began.at, visit.last.at, visit.presses) == (941, 1119, ["one", "two", "zero"])
    assert _press(book, "other", 1119 + MISSED_S) is not visit


def test_after_an_answer_a_press_within_the_gap_belongs_to_it():
    """The visitor may still be at the door; a later press is a new visit."""
    book = _book()
    visit = _press(book, "one", 1000)
    visit.end("answered", by="answer", at=Moment(1020))
    assert _press(book, "two", 1079) is visit
    assert _press(book, "three", 1079 + GAP_S) is not visit
    assert (visit.by, visit.ended.at) == ("answer", 1020)


def test_a_press_is_counted_once():
    """It can be found by its id, and adding it again changes nothing."""
    book = _book()
    visit = _press(book, "one", 1000)
    visit.add("one", Moment(1000))
    assert book.visit_of("one") is visit
    assert book.visit("one") is visit
    assert visit.presses == ["one"]


def test_an_answer_is_for_its_press_or_for_who_rings_at_that_time():
    """An answer that names a press fits no other visit."""
    book = _book()
    visit = _press(book, "one", 1000)
    assert book.ringing_for(_answer("a", "one", 9999)) is visit
    assert book.ringing_for(_answer("a", "other", 1010)) is None
    assert book.ringing_for(_answer("a", "", 1010)) is visit
    assert book.ringing_for(_answer("a", "", 999)) is None
    assert book.ringing_for(_answer("a", "", 1001 + MISSED_S)) is None


def test_an_answer_that_comes_first_waits_for_its_press():
    """It is kept once."""
    book = _book()
    early = _answer("a", "one", 1010, {"answer": "coming"})
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
    _press(book, "one", 1000).end("missed", by="timer", at=Moment(1120))
    book.keep_answer(_answer("a", "", 5000, {"answer": "coming"}))
    kept = json.loads(json.dumps(book.as_json()))
    assert _book(kept).as_json() == kept
    assert _book(kept).visit("one").state == "missed"


def test_the_book_stays_small():
    """Old visits and answers are dropped; one that still rings never is."""
    book = _book()
    _press(book, "ringing", 0)
    for number in range(1, 100):
        _press(book, f"{number}", number * 1000).end(
            "missed", by="x", at=Moment(number * 1000 + 120)
        )
        book.keep_answer(_answer(f"{number}", "unknown", 0))
    kept = book.as_json()
    assert (len(kept["visits"]), len(kept["answers"])) == (21, 20)
    assert kept["visits"][0]["id"] == "ringing"


def test_a_book_is_kept_when_its_block_ends_well():
    """A block that fails leaves the memory as it was; a block may return early."""
    memory = {}
    rules = {"gap_s": 60, "missed_after_s": 120}

    def press(name, at):
        with open_book(memory, "front", **rules) as book:
            return book.add_press(name, "front", Moment(at), late=False).id

    assert press("a", 1000) == "a"
    assert press("b", 1010) == "a"
    kept = dict(memory)

    def fail():
        with open_book(memory, "front", **rules) as book:
            book.add_press("c", "front", Moment(5000), late=False)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert memory == kept
    with open_book(memory, "back", **rules) as book:
        assert book.visit_of("a") is None


def test_an_answer_ends_the_visit_that_rings_or_waits_for_its_press():
    """A visit is ended once: by its answer, or as missed, whichever comes first."""
    book = _book()
    assert book.answer(_answer("a", "two", 1900)) is None
    first = _press(book, "one", 1000)
    assert book.answer_early(first, press="one") is None
    assert book.miss("one", by="timer", at=Moment(1120)) is first
    assert book.miss("one", by="timer", at=Moment(1120)) is None
    second = _press(book, "two", 2000)
    assert book.answer_early(second, press="two") == _answer("a", "two", 1900)
    assert (second.state, second.by, second.ended.at) == ("answered", "two", 1900)
    third = _press(book, "three", 3000)
    assert book.answer(_answer("b", "", 3010)) is third
    assert (third.state, third.by) == ("answered", "b")


@pytest.mark.parametrize("ahead_s", [-10_800, 10_800])
def test_a_clock_that_is_set_during_a_visit_changes_nothing(ahead_s):
    """What happens in one boot is compared on the clock that never jumps."""
    book, boot = _book(), "b" * 16
    visit = _press(book, "one", 50_000 + ahead_s, boot, 20.0)
    assert _press(book, "two", 50_010, boot, 30.0) is visit
    assert _press(book, "zero", 49_990, boot, 10.0) is visit
    assert (visit.began.uptime_s, visit.last.uptime_s) == (10.0, 30.0)
    book = _book(json.loads(json.dumps(book.as_json())))
    assert book.ringing_for(_answer("a", "", 50_500, boot=boot, uptime_s=520.0)) is None
    answered = book.answer(_answer("a", "", 50_025, boot=boot, uptime_s=45.0))
    assert answered.id == "one"
    assert _press(book, "three", 50_030, boot, 50.0) is answered
    assert _press(book, "four", 50_200, boot, 220.0) is not answered


def test_moments_of_different_boots_are_compared_on_the_wall_clock():
    """An uptime says nothing about another boot."""
    book = _book()
    visit = _press(book, "one", 1000, "a" * 16, 5000.0)
    assert _press(book, "two", 1030, "b" * 16, 10.0) is visit
    assert book.answer(_answer("a", "", 1040, boot="c" * 16, uptime_s=9.0)) is visit


def test_a_book_of_an_earlier_version_is_read():
    """It has Unix times only."""
    visit = {"id": "one", "door": "front", "presses": ["one"], "began": 1000.0, "last": 1000.0}
    visit |= {"late": False, "state": "ringing", "ended": 0, "by": ""}
    book = _book({"visits": [visit], "answers": []})
    assert book.as_json()["visits"] == [visit]
    assert _press(book, "two", 1030).id == "one"
