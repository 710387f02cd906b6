"""The commands: what each may say, and that nothing else is carried out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.wire import command
from hub.wire.codec import BadMessage
from hub.wire.command import COMMANDS, Answer, Drill, Press, Quiet, Wake

ID = "01890000-0000-7000-8000-000000000000"
SECONDS = st.one_of(st.none(), st.floats(0.001, command.LONGEST_QUIET_S))
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "given_command",
    [
        Press(ID),
        Drill(ID),
        Answer(ID, "coming"),
        Answer(ID, "Bin gleich da: 2 Minuten", "Änne", ID),
        Quiet(quiet=True, for_s=5400, id="my-nap"),
        Quiet(None),
        Wake(),
    ],
)
def test_a_command_comes_back_as_it_was_given(given_command):
    """Encoded and decoded under its own name."""
    name = command.name_of(given_command)
    assert command.decode(name, given_command.encode()) == given_command
    assert COMMANDS[name].message is type(given_command)


@given(
    st.sampled_from([True, False, None]),
    SECONDS,
    st.text(st.characters(codec="ascii"), max_size=64),
)
def test_a_quiet_command_is_read_or_refused(quiet, for_s, name):
    """Whatever its id is; one with control characters is none."""
    given_command = Quiet(quiet, for_s, name)
    if name.isprintable():
        assert Quiet.decode(given_command.encode()) == given_command
    else:
        with pytest.raises(BadMessage):
            Quiet.decode(given_command.encode())


@given(st.sampled_from(sorted(COMMANDS)), ANY)
def test_no_message_does_more_than_be_refused(name, value):
    """Any JSON: it is a command with fields of the right types, or a BadMessage."""
    try:
        found = command.decode(name, json.dumps(value).encode())
    except BadMessage:
        return
    assert command.decode(name, found.encode()) == found


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        ("press", b"OFF", "not JSON, nor PRESS, ON or nothing"),
        ("drill", b"1", "not JSON"),
        ("press", b"[]", "not a JSON object"),
        ("press", b"{}", "id is missing"),
        ("press", b'{"id": 7}', "id is not a text"),
        ("press", b'{"id": "short"}', "id is malformed"),
        ("press", b"{" + b" " * 9000 + b"}", "larger than 8192 bytes"),
        ("answer", json.dumps({"id": ID}).encode(), "answer is missing"),
        ("answer", json.dumps({"id": ID, "answer": " "}).encode(), "answer is malformed"),
        ("answer", json.dumps({"id": ID, "answer": "x" * 201}).encode(), "answer is not a text"),
        ("answer", json.dumps({"id": ID, "answer": "a\nb"}).encode(), "control characters"),
        ("answer", b"", "no answer. Write coming"),
        ("answer", b"PRESS", "no answer. Write coming"),
        ("answer", b'"coming"', "not a JSON object"),
        ("answer", b"gar\xe7on", "control characters"),
        ("answer", b"x" * 201, "is not a text"),
        ("quiet", b'{"quiet": "yes"}', "neither true nor false"),
        ("quiet", b'{"quiet": true, "for_s": 1e99}', "for_s is not a number"),
        ("quiet", b'{"quiet": true, "for_s": 0}', "for_s is 0"),
        ("open", b"{}", "is not a command"),
    ],
)
def test_a_refusal_says_why(name, payload, why):
    """In words for the person who wrote the other program; the message itself is not quoted."""
    with pytest.raises(BadMessage, match=why):
        command.decode(name, payload)


@pytest.mark.parametrize("word", [b"PRESS", b"on", b" On\n", b""])
@pytest.mark.parametrize("kind", [Press, Drill])
def test_a_button_needs_no_json(kind, word):
    """The bare words that buttons send, and nothing at all; the id is for the hub to make."""
    assert kind.decode(word) == kind("")
    assert kind.decode(kind("").encode()) == kind("")


def test_a_bare_text_is_an_answer():
    """For a button or a text field that has no JSON."""
    assert Answer.decode(b"  Bin im Garten \n") == Answer("", "Bin im Garten")
    assert Answer("", "coming").encode() == b"coming"


def test_bare_words_are_quiet_commands():
    """For a switch that has no JSON."""
    states = {word: Quiet.decode(word).quiet for word in (b"on", b" OFF ", b"Auto")}
    assert states == {b"on": True, b" OFF ": False, b"Auto": None}
