"""The voice: a real espeak-ng, and what is done with any program that speaks."""

import subprocess
from pathlib import Path

import pytest

from devices.speaker import ProgramVoice, VoiceError, fault_in_voice, open_voice


@pytest.fixture
def espeak(needed, tmp_path):
    """The real program."""
    needed("espeak-ng")
    return open_voice("espeak-ng", tmp_path / "voice")


def _length_s(path):
    said = subprocess.run(["sox", "--i", "-D", path], capture_output=True, text=True, check=True)
    return float(said.stdout)


def test_a_text_is_spoken(espeak, needed):
    """As a WAV file that is as long as the text."""
    needed("sox")
    short, long = (
        espeak.speak("Hello."),
        espeak.speak("Please leave it at the door. Thank you very much."),
    )
    assert 0.3 < _length_s(short) < _length_s(long) < 6


def test_what_was_spoken_once_is_kept(espeak):
    """A Raspberry Pi need not think while the visitor waits; other words are another file."""
    first = espeak.speak("Hello.")
    before = first.stat().st_mtime_ns
    assert espeak.speak("Hello.").stat().st_mtime_ns == before
    assert espeak.speak("Hello!") != first


def test_words_are_words_and_no_options(espeak):
    """Whatever a person types is spoken, and nothing else is done with it."""
    for words in ("--version", "-w /tmp/x", "`reboot`", '"; rm -rf /'):
        assert espeak.speak(words).stat().st_size > 1000


def test_what_the_program_complains_of_is_told(needed, tmp_path):
    """The error is in the program's own words, and no partial file stays."""
    needed("espeak-ng")
    with pytest.raises(VoiceError, match="voice does not exist"):
        open_voice("espeak-ng:xx-nope", tmp_path / "voice").speak("Hello.")
    with pytest.raises(VoiceError, match="wrote no sound"):
        ProgramVoice(["true"], tmp_path / "voice").speak("Hello.")
    with pytest.raises(VoiceError, match="absent-program: No such file"):
        ProgramVoice(["absent-program"], tmp_path / "voice").speak("Hello.")
    assert list((tmp_path / "voice").iterdir()) == []


def test_a_voice_that_cannot_be_had_is_told(monkeypatch, tmp_path):
    """With what to install, or how to write it."""
    assert "no voice. Write espeak-ng" in fault_in_voice("siri")
    assert "no voice. Write espeak-ng" in fault_in_voice("piper")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fault_in_voice("espeak-ng") == "espeak-ng is not installed: apt install espeak-ng"
    program = tmp_path / "piper"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert "there is no file /absent.onnx" in fault_in_voice("piper:/absent.onnx")


def test_piper_is_called_as_its_documents_say(monkeypatch, tmp_path):
    """`piper -m MODEL -f FILE`, with the text on its standard input. A stand-in records both."""
    model, program = tmp_path / "en.onnx", tmp_path / "piper"
    model.touch()
    program.write_text('#!/bin/sh\n/bin/echo "$1 $2 $3" > "$4"\n/bin/cat >> "$4"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    spoken = open_voice(f"piper:{model}", Path(tmp_path / "voice")).speak("Hello.")
    assert spoken.read_text() == f"-m {model} -f\nHello."
