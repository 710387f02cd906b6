"""Tickets and links: nobody makes one but this house, each is good for its time, and a second use is the same event."""

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub import answers
from hub.testing import event, run
from hub.wire.answer_token import (
    AHEAD_S,
    KEY_FILE,
    ExpiredError,
    ForgedError,
    Signer,
    issue,
    key_in,
)

TICKET = issue("home", "front", "press-id", "coming", "anna")


class _Clock:
    def __init__(self):
        self.ahead_s = 0.0

    def __call__(self):
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)


def test_a_ticket_comes_back_as_it_went():
    """With everything that it carries."""
    seal = Signer("k" * 40)
    assert seal.open(seal.close(TICKET), 60) == TICKET


def test_the_same_answer_to_the_same_press_is_the_same_event():
    """A notification that is sent again brings no second event; another person's answer is one of its own."""
    again = issue("home", "front", "press-id", "coming", "anna")
    others = [
        issue("home", "front", "press-id", "leave_it", "anna"),
        issue("home", "front", "press-id", "coming", "bob"),
    ]
    assert again == TICKET
    assert len({TICKET.id, *(other.id for other in others)}) == 3
    assert len(TICKET.id) == 36


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: "A" + t, lambda t: t.replace(".", ".x", 1), lambda _: ""]
)
def test_what_was_changed_opens_nothing(spoil):
    """Not a letter of it may differ."""
    seal = Signer("k" * 40)
    with pytest.raises(ForgedError):
        seal.open(spoil(seal.close(TICKET)), 60)


def test_another_houses_ticket_opens_nothing():
    """A key of one's own makes none of ours; and a signature over something else is no ticket."""
    seal = Signer("k" * 40)
    with pytest.raises(ForgedError):
        seal.open(Signer("l" * 40).close(TICKET), 60)
    for other in ("text", ["home"], {"hub": "home"}, [1, 2, 3, 4, 5, 6]):
        with pytest.raises(ForgedError):
            seal.open(seal._serializer.dumps(other), 60)


@pytest.mark.parametrize(
    ("ahead_s", "good"), [(50, True), (70, False), (2 - AHEAD_S, True), (-2 - AHEAD_S, False)]
)
def test_a_ticket_has_its_time(ahead_s, good):
    """It ends; a clock that was set back a little harms it not."""
    clock = _Clock()
    seal = Signer("k" * 40, clock)
    text = seal.close(TICKET)
    clock.ahead_s = ahead_s
    if good:
        assert seal.open(text, 60) == TICKET
    else:
        with pytest.raises(ExpiredError):
            seal.open(text, 60)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path):
    """The next process finds the same; nothing half-made is left."""
    key = key_in(tmp_path)
    assert key_in(tmp_path) == key
    assert len(key) >= 32
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_damaged_key_is_told_and_not_used(tmp_path):
    """An empty key would let everybody in."""
    (tmp_path / KEY_FILE).write_text("\n")
    with pytest.raises(OSError, match=r"is damaged\. Remove it"):
        key_in(tmp_path)


def test_links_are_for_the_press():
    """One for each answer, each its own, below the address that is set."""
    press = event()
    with run(press, web="https://door.example/bell/"):
        found = answers.links(press, by="anna")
    assert [(one.label, one.answer) for one in found] == [
        ("Coming", "coming"),
        ("Leave it at the door", "leave_it"),
        ("Snooze 1 h", "snooze"),
    ]
    assert all(one.url.startswith("https://door.example/bell/a/") for one in found)
    assert len({one.url for one in found}) == 3
    assert all(len(one.url) < 400 for one in found)


def test_a_link_carries_what_the_hub_takes():
    """Whatever somebody is called in the settings: what the hub would refuse is left out."""
    with run(web="https://door.example"):
        office = answers._office
        (first, *_) = answers.links(event(), by="Änne\n\t" + "x" * 100)
        ticket = office.seal.open(first.url.rpartition("/")[2], 60)
    assert ticket.by == "Änne" + "x" * 60
    assert (ticket.hub, ticket.door, ticket.answer) == ("home", "front", "coming")


def test_the_picture_answers_the_press():
    """What follows from a press has the same links' ids; another press has others."""
    press = event()
    picture = replace(event("snapshot.taken"), cause=press.id)
    with run(web="https://door.example"):
        seal = answers._office.seal
        ids = [
            [seal.open(one.url.rpartition("/")[2], 60).id for one in answers.links(of)]
            for of in (press, picture, event())
        ]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_without_a_key_there_are_no_links_and_the_text_goes_out(tmp_path, caplog):
    """A state folder that takes nothing costs the buttons, not the notification; a damaged key signs nothing."""
    (tmp_path / KEY_FILE).write_text("short")
    before = answers._office
    answers.attach(
        Settings.model_validate({"web": {"url": "https://door.example"}, "state_dir": tmp_path})
    )
    try:
        assert answers.links(event()) == []
        assert "no answer links" in caplog.text
        (tmp_path / KEY_FILE).unlink()
        assert len(answers.links(event())) == 3
    finally:
        answers._office = before


def test_without_an_address_there_are_no_links():
    """Nor for a drill: nobody is at the door."""
    with run():
        assert answers.links(event()) == []
    with run(web="https://door.example"):
        assert answers.links(event("doorbell.drilled")) == []
