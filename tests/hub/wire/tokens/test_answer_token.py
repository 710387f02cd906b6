"""Signed tokens and links: only this house makes them, they expire, and each is one event."""

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub import answers
from hub.testing import event, run
from hub.wire.tokens.answer_token import Signer, issue
from hub.wire.tokens.house_key import KEY_FILE, key_in
from hub.wire.tokens.timed_signer import AHEAD_S, ExpiredError, ForgedError

TOKEN = issue("home", "front", "press-id", "coming", "anna")


class _Clock:
    def __init__(self):
        self.ahead_s = 0.0

    def __call__(self):
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)


def test_a_verified_token_is_what_was_signed():
    """With everything that it carries."""
    signer = Signer("k" * 40)
    assert signer.verify(signer.sign(TOKEN), 60) == TOKEN


def test_the_same_answer_to_the_same_press_is_the_same_event():
    """A notification that is sent again brings no second event; another person's answer does."""
    again = issue("home", "front", "press-id", "coming", "anna")
    others = [
        issue("home", "front", "press-id", "leave_it", "anna"),
        issue("home", "front", "press-id", "coming", "bob"),
    ]
    assert again == TOKEN
    assert len({TOKEN.id, *(other.id for other in others)}) == 3
    assert len(TOKEN.id) == 36


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: "A" + t, lambda t: t.replace(".", ".x", 1), lambda _: ""]
)
def test_a_changed_token_is_refused(spoil):
    """Not a single character may differ."""
    signer = Signer("k" * 40)
    with pytest.raises(ForgedError):
        signer.verify(spoil(signer.sign(TOKEN)), 60)


def test_another_houses_token_is_refused():
    """Another key signs no token of ours, and our signature of other data is no token."""
    signer = Signer("k" * 40)
    with pytest.raises(ForgedError):
        signer.verify(Signer("l" * 40).sign(TOKEN), 60)
    for other in ("text", ["home"], {"hub": "home"}, [1, 2, 3, 4, 5, 6]):
        with pytest.raises(ForgedError):
            signer.verify(signer._signer.sign(other), 60)


@pytest.mark.parametrize(
    ("ahead_s", "good"), [(50, True), (70, False), (2 - AHEAD_S, True), (-2 - AHEAD_S, False)]
)
def test_a_token_expires(ahead_s, good):
    """A clock that was set back a little does no harm."""
    clock = _Clock()
    signer = Signer("k" * 40, clock)
    text = signer.sign(TOKEN)
    clock.ahead_s = ahead_s
    if good:
        assert signer.verify(text, 60) == TOKEN
    else:
        with pytest.raises(ExpiredError):
            signer.verify(text, 60)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    """The next process finds the same key, and no temporary file is left."""
    key = key_in(tmp_path)
    assert key_in(tmp_path) == key
    assert len(key) >= 32
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_damaged_key_is_an_error(tmp_path):
    """With an empty key anyone could sign."""
    (tmp_path / KEY_FILE).write_text("\n")
    with pytest.raises(OSError, match=r"is damaged\. Remove it"):
        key_in(tmp_path)


def test_links_are_for_the_press():
    """One for each answer, all different, below the address in the settings."""
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
    """A name may be anything in the settings; what the hub would refuse is left out."""
    with run(web="https://door.example"):
        maker = answers._maker
        (first, *_) = answers.links(event(), by="Änne\n\t" + "x" * 100)
        token = maker.signer.verify(first.url.rpartition("/")[2], 60)
    assert token.by == "Änne" + "x" * 60
    assert (token.hub, token.door, token.answer) == ("home", "front", "coming")


def test_the_picture_answers_the_press():
    """An event that follows from a press has links with the same ids."""
    press = event()
    picture = replace(event("snapshot.taken"), cause=press.id)
    with run(web="https://door.example"):
        signer = answers._maker.signer
        ids = [
            [signer.verify(one.url.rpartition("/")[2], 60).id for one in answers.links(of)]
            for of in (press, picture, event())
        ]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_without_a_readable_key_there_are_no_links(tmp_path, caplog):
    """A notification goes out all the same, without buttons."""
    (tmp_path / KEY_FILE).write_text("short")
    before = answers._maker
    answers.attach(
        Settings.model_validate({"web": {"url": "https://door.example"}, "state_dir": tmp_path})
    )
    try:
        assert answers.links(event()) == []
        assert "no answer links" in caplog.text
        (tmp_path / KEY_FILE).unlink()
        assert len(answers.links(event())) == 3
    finally:
        answers._maker = before


def test_without_an_address_there_are_no_links():
    """Nor are there any for a drill: no visitor is at the door."""
    with run():
        assert answers.links(event()) == []
    with run(web="https://door.example"):
        assert answers.links(event("doorbell.drilled")) == []
