"""The announcer: a voice on a speaker."""

from pathlib import Path

import pytest

from devices.speaker import Announcer, VoiceError, open_announcer


class _Voice:
    """Turns a text into a file's name."""

    def speak(self, text):
        return Path(f"{text}.wav")


class _Speaker:
    """Records what it is asked to do."""

    def __init__(self):
        self.calls = []

    def play(self, sound, volume, *, wait=True):
        self.calls.append(("play", sound.name, volume, wait))
        return 1.0

    def check(self, sound):
        self.calls.append(("check", sound.name))
        return "the card opens"


def test_a_text_is_spoken_and_heard():
    """At its volume in percent, and to its end."""
    speaker = _Speaker()
    Announcer(_Voice(), speaker).announce("Hello", 40)
    assert speaker.calls == [("play", "Hello.wav", 0.4, True)]


def test_a_check_is_silent():
    """The voice speaks into a file, and the speaker only opens."""
    speaker = _Speaker()
    assert Announcer(_Voice(), speaker).check("Hello") == "the card opens"
    assert speaker.calls == [("check", "Hello.wav")]


def test_texts_are_prepared_when_it_opens(tmp_path, monkeypatch):
    """A visitor does not wait for the voice; a voice that fails is an error at once."""
    program = tmp_path / "espeak-ng"
    program.write_text('#!/bin/sh\n/bin/cat > "$4"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_announcer("espeak-ng", "simulated", tmp_path, ["one", "two"]):
        spoken = [path.read_text() for path in (tmp_path / "voice").iterdir()]
        assert sorted(spoken) == ["one", "two"]
    program.write_text("#!/bin/sh\nexit 3\n")
    with (
        pytest.raises(VoiceError, match="espeak-ng: it ended with 3"),
        open_announcer("espeak-ng", "simulated", tmp_path, ["three"]),
    ):
        pass
