"""What the command line does with arguments that a person or a script got wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import Settings, SettingsError
from hub.cli.history.dead_letters import _matching
from hub.cli.main import app
from hub.store.inbox.inbox_file import DeadLetter, InboxError
from hub.terminal.options import door_named
from hub.testing import event


@pytest.fixture
def said(tmp_path: Path):
    """Gives the exit code and the words of a command in a house without a broker."""
    settings = tmp_path / "doorbell.toml"
    settings.write_text(
        'state_dir = "state"\n[broker]\nhost = "127.0.0.1:1"\n[web]\npage = true\n',
        encoding="utf-8",
    )

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "--config", str(settings)])
        frame = str.maketrans("│╭╮╰╯─", "      ")
        return done.exit_code, " ".join(done.output.translate(frame).split())

    return run


@pytest.mark.parametrize("time", ["", "0h", "31d", "5w"])
def test_quiet_for_no_time_or_too_long_is_refused(said, time):
    """A variable that a script lost would switch all sounds off for good."""
    code, words = said("quiet", "on", "--for", time)
    assert code == 2
    assert "Invalid value for '--for'" in words
    assert "not a duration" in words or "write a time of 1s to 30d" in words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["events", "--limit", "0"], "'--limit': must be at least 1. "),
        (["events", "--limit", "ten"], "'--limit': not a whole number. Write it like 17"),
        (["quiet", "maybe"], "'mode': 'maybe' is not one of 'on', 'off', 'auto'. "),
    ],
)
def test_a_value_that_cannot_be_is_told_in_our_words(said, words, says):
    """The words of the library that reads it say nothing to a person."""
    code, output = said(*words)
    assert (code, says in f"{output} ") == (2, True), output


def test_a_door_that_does_not_exist_is_told_with_the_one_that_was_meant():
    """Where none is similar, with those that there are."""
    with pytest.raises(SettingsError, match=r"Front: no such door\. Did you mean 'front'\?"):
        door_named(Settings(), "Front")
    with pytest.raises(SettingsError, match=r"shed: no such door\. Known here: front\."):
        door_named(Settings(), "shed")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--revoke", ""], "--revoke is empty"),
        (["--press", ""], "--press is empty"),
        (["--press", "front", "--name", ""], "--name is empty"),
        (["--name", "post"], "--name goes with --press"),
        (["--list", "--revoke", "anna"], "--list and --revoke do not go together"),
        (["--press", "front", "--password"], "--press and --password do not go together"),
    ],
)
def test_link_does_one_thing_or_none(said, words, says):
    """An address that logs in is made only where one was asked for."""
    code, output = said("link", *words)
    assert (code, says in output, "/login/" in output) == (2, True, False)


def test_an_empty_id_is_no_dead_letter():
    """It is the beginning of every id, and `discard` is for good."""
    letter = DeadLetter("bark", "hub/home", event(), 3, "no sound")
    with pytest.raises(InboxError, match="no such dead letter"):
        _matching([letter], "")
    assert _matching([letter], letter.event.id[-8:]) == [letter]
