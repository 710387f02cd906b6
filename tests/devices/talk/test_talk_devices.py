"""Speakers and microphones of a talk: simulated ones, files, and a sound card of ALSA."""

import subprocess
import sys
import wave
from array import array
from types import SimpleNamespace

import pytest

from devices.speaker import SpeakerError
from devices.talk import Intercom, TalkSettings, fault_in_microphone, open_intercom
from devices.talk.audio import loudspeaker, microphone
from devices.talk.audio.loudspeaker import CardLoudspeaker, open_loudspeaker
from devices.talk.audio.microphone import CardMicrophone, open_microphone
from devices.talk.audio.pcm import BLOCK_BYTES, RATE_HZ
from tests.devices import alsa_card
from tests.devices.talk.client import Client
from tests.devices.tone import write_tone
from tests.house import ROOT, until
from tests.needs import sound_library

# ALSA's `file` plugin plays into a file, and hears what is in another one.
CARD = """
pcm.doorstep {{
  type file
  slave.pcm "null"
  file "{played}"
  infile "{heard}"
  format "raw"
  hint {{ show on description "Doorstep" }}
}}
"""
PROGRAM = """
import json, sys, threading
from devices.talk.audio.loudspeaker import CardLoudspeaker
from devices.talk.audio.microphone import CardMicrophone
heard, is_heard = bytearray(), threading.Event()
def hear(sound):
    heard.extend(sound)
    if len(heard) > 20_000:
        is_heard.set()
taken, is_taken = [], threading.Event()
def take(size):
    taken.append(size)
    if sum(taken) > 60_000:  # what the card has yet to play at the end is not played
        is_taken.set()
    return b"\\x10\\x20" * (size // 2)
with CardLoudspeaker("doorstep").playing(take):
    assert is_taken.wait(30)
with CardMicrophone("doorstep").hearing(hear):
    assert is_heard.wait(30)
print(json.dumps([max(taken), len(heard) % 2]))
"""


def test_a_simulated_speaker_writes_what_would_be_heard(tmp_path):
    """At its pace, and whole; what a killed process left is removed."""
    left = tmp_path / "talk-1.wav.part"
    left.touch()
    speaker = open_loudspeaker("simulated", tmp_path)
    assert not left.exists()
    taken = []

    def take(size):
        taken.append(size)
        return b"\x01\x02" * (size // 2)

    with speaker.playing(take):
        until(lambda: len(taken) > 3, "it takes")
    (file,) = tmp_path.glob("*.wav")
    with wave.open(str(file), "rb") as sound:
        assert sound.getframerate() == RATE_HZ
        assert sound.readframes(10**6) == b"\x01\x02" * (sum(taken) // 2)


def test_a_simulated_microphone_hears_a_tone_again_and_again():
    """One hears that it hears."""
    heard = []
    with open_microphone("simulated").hearing(heard.append):
        until(lambda: len(heard) > 3, "it hears")
    assert {len(block) for block in heard} == {BLOCK_BYTES}
    assert max(array("h", heard[1])) > 1_000


def test_a_file_is_heard_as_by_a_microphone(tmp_path):
    """Of any rate; it begins again at its end."""
    sound_library()
    write_tone(tmp_path / "visitor.flac", "flac")
    heard = []
    microphone = open_microphone(str(tmp_path / "visitor.flac"))
    with microphone.hearing(heard.append):
        until(lambda: len(heard) > 3, "it hears")
    assert max(array("h", b"".join(heard))) > 500


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("auto", None),
        ("simulated", None),
        ("/no/where.wav", "cannot be heard"),
        ("x", "microphone"),
    ],
)
def test_a_microphone_that_is_not_there_is_told(name, words):
    """`doorbell check` says so."""
    if words:
        sound_library()
    fault = fault_in_microphone(name)
    assert (fault is None) if words is None else (words in fault)


def test_a_library_that_is_missing_is_told_where_there_is_a_card(monkeypatch):
    """Also with `auto`; without a card, what is simulated needs none."""
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    assert TalkSettings().absent_devices() == []
    for direction in (loudspeaker, microphone):
        monkeypatch.setattr(direction, "is_there", lambda: True)
    faults = TalkSettings().absent_devices()
    assert [fault.partition(":")[0] for fault in faults] == ["speaker", "microphone"]
    assert all("Install the sound library" in fault for fault in faults)


def test_a_file_without_sound_is_told(tmp_path):
    """It would be heard as nothing."""
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
    assert "nothing to hear" in fault_in_microphone(str(tmp_path / "empty.wav"))


def test_each_door_may_have_its_own(tmp_path):
    """Doors with the same ones share a line; a door that is left out has none."""
    settings = TalkSettings(
        speaker="simulated", microphone="simulated", microphones={"back": str(tmp_path / "x.wav")}
    )
    with open_intercom(settings, ["front", "side", "back"], tmp_path, lambda: None) as intercom:
        assert isinstance(intercom, Intercom)
        assert intercom.line_to("front") is intercom.line_to("side")
        assert intercom.line_to("front") is not intercom.line_to("back")
        with pytest.raises(SpeakerError, match="no speaker at garden"):
            intercom.line_to("garden")
        for door, status in (("front", 200), ("back", 503)):
            client = Client(tmp_path, f"GET /{door}/listen")
            assert client.status == status
            client.close()
        assert intercom.check("front") == "the speaker and the microphone open"


def test_nothing_is_loaded_before_somebody_talks(tmp_path):
    """Miniaudio is 12 MB, which a house without talks need not pay."""
    code = f"""
import sys
from pathlib import Path
from devices.talk import TalkSettings, open_intercom
with open_intercom(TalkSettings(), ["front"], Path({str(tmp_path)!r}), lambda: None):
    print("miniaudio" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


class _Refusing:
    """A library with one card, which opens, and does not start."""

    Backend = SimpleNamespace(ALSA=1)
    closed = 0

    class MiniaudioError(Exception):
        """As the library's own."""

    class PlaybackDevice:
        def __init__(self, **_):
            pass

        def start(self, _):
            raise _Refusing.MiniaudioError("failed to start audio device")

        def close(self):
            _Refusing.closed += 1

    CaptureDevice = PlaybackDevice

    class Devices:
        def __init__(self, _):
            pass

        def get_playbacks(self):
            return [{"name": "USB", "id": 1}]

        get_captures = get_playbacks


def test_a_card_that_opens_and_does_not_start_is_told_and_closed(monkeypatch):
    """As one that was unplugged in this moment."""
    monkeypatch.setitem(sys.modules, "miniaudio", _Refusing)
    for opened in (
        lambda: CardLoudspeaker("usb").playing(bytes),
        lambda: CardMicrophone("usb").hearing(len),
    ):
        with pytest.raises(SpeakerError, match="cannot be used now"), opened():
            pass
    assert _Refusing.closed == 2


def test_a_card_plays_and_hears(tmp_path, needed):
    """Through miniaudio and the real ALSA library."""
    needed("aplay", "alsa-utils")
    played, heard = tmp_path / "played.raw", tmp_path / "heard.raw"
    heard.write_bytes(b"\x11\x22" * 500_000)
    card = CARD.format(played=played, heard=heard)
    configuration = alsa_card.configure(tmp_path / "alsa.conf", card)
    largest, odd = alsa_card.run(configuration, PROGRAM, timeout_s=90)
    assert odd == 0
    assert largest <= RATE_HZ, "it asks for little at once"
    assert played.stat().st_size > 10_000
