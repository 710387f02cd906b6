"""`visit`: presses close together are one visit, which is answered or missed once."""

import itertools
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config import SettingsError
from hub.testing import event, run
from hub.wire.event import uuid7

START = datetime.now(UTC)  # set anew for each test


@pytest.fixture(autouse=True)
def _starts_now():
    global START  # noqa: PLW0603
    START = datetime.now(UTC)


class Door:
    """A door at which the test chooses the times; all attempts share a memory."""

    def __init__(self, file):
        self.file, self.memory, self.emitted, self.timers = file, {}, [], {}

    def tell(self, one):
        """Give an event to the handler; returns what the handler returned."""
        with self._attempt(one) as doing:
            said = self.file.reactions[one.type].function(doing.event, self.file.config)
        self.emitted += doing.emitted
        return said

    def fail(self, one):
        """Let the run of an event fail at its very end."""
        timers = dict(self.timers)
        with suppress(ConnectionError), self._attempt(one) as doing:
            self.file.reactions[one.type].function(doing.event, self.file.config)
            raise ConnectionError
        self.emitted += doing.emitted
        self.timers = timers

    @contextmanager
    def _attempt(self, one):
        with run(one, memory=self.memory) as doing:
            later = doing.later

            def note(kind, subject, data, after_s):
                later(kind, subject, data, after_s)
                self.timers[subject] = (after_s, data)

            doing.later = note
            yield doing

    def press(self, at_s=0.0, *, kind="doorbell.pressed", **more):
        one = _at(event(kind), at_s, **more)
        return self.tell(one), one

    def answer(self, at_s=0.0, answer="coming", press="", **more):
        one = _at(event("visitor.answered", answer=answer, by="anna", press=press), at_s, **more)
        return self.tell(one), one

    def due(self, visit, at_s=120.0, **more):
        _, data = self.timers[visit]
        one = replace(_at(event("visit.due"), at_s, **more), subject=visit, data=data)
        return self.tell(one)

    @property
    def said(self):
        """What was emitted, shortly: type, and data without the times."""
        return [
            (kind, {key: value for key, value in data.items() if key != "at"})
            for kind, data in self.emitted
        ]


def _at(one, at_s, **more):
    return replace(one, time=START + timedelta(seconds=at_s), **more)


@pytest.fixture
def door(shipped):
    return Door(shipped("visit"))


def _kinds(door):
    return [kind.removeprefix("visit.") for kind, _ in door.emitted]


def test_presses_close_together_are_one_visit(door):
    """It starts once, and each press puts off when it is missed; a double press is a press."""
    _, first = door.press(-50)
    assert door.timers[first.id][0] < 71
    door.press(-30)
    said, _ = door.press(0, kind="doorbell.double_pressed")
    assert said == "press 3 of a visit, ringing"
    assert door.said == [("visit.started", {"visit": first.id, "presses": 1})]
    assert list(door.timers) == [first.id]
    assert door.timers[first.id][0] > 90
    assert door.due(first.id) == f"the visit of {first.time.astimezone():%H:%M:%S} was missed"
    assert door.said[1] == ("visit.missed", {"visit": first.id, "presses": 3, "late": False})


def test_what_is_told_names_the_time_of_the_first_press(door):
    """It is in UTC, and does not depend on when the event is published."""
    _, first = door.press(0)
    door.due(first.id, 5000)
    stamp = START.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert [data["at"] for _, data in door.emitted] == [stamp, stamp]


@pytest.mark.parametrize("named", [True, False], ids=["by its press", "by the door"])
def test_an_answer_ends_it(door, named):
    """Whoever answers; then it is no longer missed, and a second answer changes nothing."""
    _, first = door.press(0)
    door.answer(10, press=first.id if named else "")
    door.answer(12, "leave_it", press=first.id)
    assert door.due(first.id) == "the visitor was answered"
    assert door.said[1:] == [
        ("visit.answered", {"visit": first.id, "presses": 1, "answer": "coming", "by": "anna"})
    ]


def test_an_answer_after_the_clock_was_set_ends_the_visit_that_it_is_for(door):
    """A Raspberry Pi boots three hours slow, and a time server sets it before the owner answers."""
    boot = "b" * 16
    _, press = door.press(-10_800, boot=boot, uptime_s=20.0, synchronised=False)
    door.answer(20, boot=boot, uptime_s=40.0)
    assert door.due(press.id) == "the visitor was answered"


def test_an_answer_to_a_later_press_is_for_the_whole_visit(door):
    """The link of the second notification is as good as that of the first."""
    _, first = door.press(0)
    _, second = door.press(30)
    door.answer(35, press=second.id)
    assert door.said[-1] == (
        "visit.answered",
        {"visit": first.id, "presses": 2, "answer": "coming", "by": "anna"},
    )


def test_snooze_is_no_answer(door):
    """The visitor still waits, and may be missed."""
    _, first = door.press(0)
    assert door.answer(10, "snooze", press=first.id)[0] == "the visitor still waits"
    door.due(first.id)
    assert _kinds(door) == ["started", "missed"]


@pytest.mark.parametrize(("at_s", "same"), [(40, True), (79, True), (81, False)])
def test_who_was_answered_rings_no_more_for_a_while(door, at_s, same):
    """For gap_s after the answer a press belongs to the answered visit; a later one does not."""
    door.press(0)
    door.answer(20)
    door.press(at_s)
    assert _kinds(door) == ["started", "answered"] + ([] if same else ["started"])
    assert len(door.timers) == (1 if same else 2)


def test_who_was_missed_and_rings_again_is_a_visit_of_its_own(door):
    """Somebody is there again: it must not be silent."""
    _, first = door.press(0)
    door.due(first.id)
    door.press(121)
    assert _kinds(door) == ["started", "missed", "started"]


def test_a_press_while_it_rings_belongs_to_it_also_beyond_the_gap(door):
    """Nobody has answered: it is the same question to the house."""
    door.press(0)
    door.press(100)
    assert _kinds(door) == ["started"]
    door.press(230)
    assert _kinds(door) == ["started", "started"]


def test_an_answer_with_nobody_there_is_none(door):
    """The door was opened an hour later, or before the first press."""
    assert door.answer(-30)[0] == "no visitor waits"
    _, first = door.press(0)
    door.due(first.id)
    assert door.answer(3600)[0] == "no visitor waits"
    assert _kinds(door) == ["started", "missed"]


def test_doors_are_apart(door):
    """An answer at the one is none at the other."""
    door.press(0)
    door.press(1, subject="back")
    door.answer(5, subject="back")
    assert _kinds(door) == ["started", "started", "answered"]
    assert door.tell(_at(event("visitor.answered", answer="coming", press=""), 6)).endswith(
        "was answered"
    )


def test_late_presses_are_missed_visits_told_soon(door):
    """After an outage each visit of that time is missed a few seconds later, with its own time."""
    _, old = door.press(-7200)
    _, older = door.press(-9000)
    door.press(-7170)
    assert [wait for wait, _ in door.timers.values()] == [5, 5]
    door.due(old.id, 0)
    door.due(older.id, 0)
    assert door.said[2:] == [
        ("visit.missed", {"visit": old.id, "presses": 2, "late": True}),
        ("visit.missed", {"visit": older.id, "presses": 1, "late": True}),
    ]
    assert door.emitted[3][1]["at"] < door.emitted[2][1]["at"]


def test_a_visit_that_a_power_cut_outlasted_is_told_late(door):
    """The timer fires at the next boot, hours after its time: the visitor has left."""
    _, first = door.press(0)
    door.due(first.id, -4000)
    assert door.said[-1] == ("visit.missed", {"visit": first.id, "presses": 1, "late": True})


def test_a_late_press_does_not_disturb_who_stands_there_now(door):
    """Live ones come first: the visit of now rings on, with its own time."""
    _, now = door.press(0)
    before = door.timers[now.id]
    _, old = door.press(-7200)
    assert door.timers[now.id] == before
    door.due(old.id, 3)
    door.answer(5)
    assert [(kind, data["visit"]) for kind, data in door.said] == [
        ("visit.started", now.id),
        ("visit.started", old.id),
        ("visit.missed", old.id),
        ("visit.answered", now.id),
    ]


def test_in_every_order_it_is_the_same_visit(shipped):
    """Two presses and an answer end in one answered visit of two presses, in all six orders."""
    first, second = _at(event(), 0), _at(event(), 30)
    reply = _at(event("visitor.answered", answer="coming", by="", press=first.id), 40)
    ends = set()
    for order in itertools.permutations([first, second, reply]):
        door = Door(shipped("visit"))
        for one in order:
            door.tell(one)
        for visit in list(door.timers):
            door.due(visit, 200)
        assert sorted(_kinds(door)) == ["answered", "started"], [one.type for one in order]
        (visit,) = door.memory["door front"]["visits"]
        ends.add((visit["state"], frozenset(visit["presses"]), visit["began"], visit["last"]))
    assert len(ends) == 1


def test_an_answer_heard_before_its_press_counts(door):
    """The press finds its answer waiting, by its id or by its time."""
    press = _at(event(), -500)
    door.answer(-480, press=press.id)
    door.tell(press)
    door.answer(-3000)
    door.press(-3050)
    assert _kinds(door) == ["started", "answered"] * 2


def test_the_same_event_again_changes_nothing(door):
    """A replayed press is not counted twice, nor is an answer."""
    _, press = door.press(0)
    _, reply = door.answer(10)
    said = list(door.emitted)
    assert door.tell(press) == "this press was counted already"
    assert door.tell(reply) == "no visitor waits"
    assert door.tell(reply) == "no visitor waits"
    assert door.emitted == said
    assert len(door.memory["door front"]["visits"][0]["presses"]) == 1


@pytest.mark.parametrize("how", [{"redelivered": True}, {"attempt": 2}], ids=["crash", "failure"])
def test_a_run_that_did_not_succeed_is_done_again(door, how):
    """Nothing of it counts, so the next run counts the press and emits what was missing."""
    press = _at(event(), 0)
    door.fail(press)
    assert (door.emitted, door.timers, door.memory) == ([], {}, {})
    door.tell(replace(press, **how))
    assert door.said == [("visit.started", {"visit": press.id, "presses": 1})]
    reply = _at(event("visitor.answered", answer="coming", press=press.id), 10)
    door.fail(reply)
    door.tell(replace(reply, **how))
    assert _kinds(door) == ["started", "answered"]
    _, other = door.press(500)
    timer = replace(_at(event("visit.due"), 620), subject=other.id, data={"door": "front"})
    door.fail(timer)
    door.tell(replace(timer, **how))
    assert _kinds(door) == ["started", "answered", "started", "missed"]


@pytest.mark.parametrize("how", [{"redelivered": True}, {"attempt": 2}], ids=["crash", "failure"])
def test_an_event_that_comes_again_is_not_emitted_twice(door, how):
    """What one run has kept counts: the same press, answer or timer changes nothing after it."""
    _, press = door.press(0)
    _, reply = door.answer(10)
    _, other = door.press(500)
    timer = replace(_at(event("visit.due"), 620), subject=other.id, data={"door": "front"})
    for one in (timer, press, reply, timer):
        door.tell(replace(one, **how))
    assert _kinds(door) == ["started", "answered", "started", "missed"]


def test_an_early_answer_is_emitted_again_after_a_failure_too(door):
    """It ends the visit in the run of its press."""
    press = _at(event(), 0)
    door.answer(5, press=press.id)
    door.fail(press)
    door.tell(replace(press, redelivered=True))
    assert _kinds(door) == ["started", "answered"]


def test_a_timer_without_its_visit_does_no_harm(door):
    """A visit and its timer are kept together; a timer from another time finds no visit."""
    door.timers["nobody"] = (5, {"door": "front"})
    assert door.due("nobody") == "the visitor was answered"
    with run(event(), memory=door.memory) as doing:
        door.file.reactions["doorbell.pressed"].function(doing.event, door.file.config)
    assert list(doing.timers) == ["visit.due"]
    assert list(door.memory) == ["door front"]


def test_the_book_stays_small(door):
    """A year of visits leaves the last ones; a visit that still rings is never dropped."""
    _, waiting = door.press(0)
    for number in range(1, 200):
        door.press(number * 1000)
        door.answer(number * 1000 + 5)
        door.answer(number * 1000 + 400, press=uuid7())
    kept = door.memory["door front"]
    assert waiting.id in [visit["id"] for visit in kept["visits"]]
    assert (len(kept["visits"]), len(kept["answers"])) == (21, 20)


def test_the_gap_fits_into_the_wait(shipped):
    """Otherwise a press could belong to a visit that was missed already."""
    with pytest.raises(SettingsError, match=r"gap_s: it is at most missed_after_s"):
        shipped("visit", {"gap_s": 90, "missed_after_s": 60})
