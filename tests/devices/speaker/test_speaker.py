"""The speaker: what is decoded, how loud it is, and what the card or the file gets."""

import os
import wave
from array import array
from pathlib import Path

import pytest

from devices.speaker import SimulatedSpeaker, SpeakerError, open_speaker
from devices.speaker.sounds.samples import CHANNELS, RATE_HZ, decode, write_wav
from tests.devices.tone import write_tone
from tests.needs import sound_library

miniaudio = sound_library()
FORMATS = {"wav": "pcm_s16le", "flac": "flac", "mp3": "mp3"}
has_no_card = not any(Path("/dev/snd").glob("pcm*p"))
without_card = pytest.mark.skipif(not has_no_card, reason="there is a sound card here")


@pytest.fixture(scope="session")
def sounds(tmp_path_factory):
    """One second of a tone, in each format."""
    folder = tmp_path_factory.mktemp("sounds")
    for kind, codec in FORMATS.items():
        write_tone(folder / f"tone.{kind}", codec)
    return folder


def _peak(samples):
    return max(map(abs, samples))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_decoded_to_the_same_sound(sounds, kind):
    """WAV, FLAC and MP3 give one second of stereo, equally loud; MP3 pads by a frame or two."""
    samples = decode(miniaudio, sounds / f"tone.{kind}", 1.0)
    assert len(samples) / CHANNELS == pytest.approx(RATE_HZ, abs=0 if kind != "mp3" else 3000)
    assert _peak(samples) == pytest.approx(
        _peak(decode(miniaudio, sounds / "tone.wav", 1.0)), rel=0.05
    )
    assert samples[0::2] == samples[1::2]


@pytest.mark.parametrize(("volume", "share"), [(0.0, 0), (0.5, 0.5), (1.0, 1), (3.0, 1), (-1.0, 0)])
def test_the_volume_is_a_share_of_the_peak(sounds, volume, share):
    """Half the volume is half the peak; nothing is louder than recorded, so nothing clips."""
    loudest = _peak(decode(miniaudio, sounds / "tone.wav", 1.0))
    assert _peak(decode(miniaudio, sounds / "tone.wav", volume)) == pytest.approx(
        share * loudest, abs=1
    )


@pytest.mark.parametrize("name", ["shopping.txt", "shopping.mp3", "shopping.wav", "absent.wav"])
def test_a_file_that_is_no_sound_is_refused_by_name(tmp_path, name):
    """The error names the file, whatever it is called, and no sound counts as heard."""
    if name != "absent.wav":
        (tmp_path / name).write_text("milk, bread, a doorbell\n" * 50, encoding="utf-8")
    with pytest.raises(SpeakerError, match=name):
        SimulatedSpeaker(tmp_path / "heard").play(tmp_path / name, 1.0)
    assert not (tmp_path / "heard").exists()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_simulated_speaker_writes_what_would_have_been_heard(sounds, tmp_path, kind):
    """It leaves a WAV that holds the sound at its volume, and says how long that was."""
    speaker = SimulatedSpeaker(tmp_path / "heard")
    length_s = speaker.play(sounds / f"tone.{kind}", 0.5)
    speaker.close()
    (heard,) = (tmp_path / "heard").iterdir()
    with wave.open(str(heard), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (
            CHANNELS,
            2,
            RATE_HZ,
        )
        samples = array("h", file.readframes(file.getnframes()))
    assert samples == decode(miniaudio, sounds / f"tone.{kind}", 0.5)
    assert length_s == len(samples) / CHANNELS / RATE_HZ == pytest.approx(1.0, abs=0.07)


def test_two_sounds_leave_two_files(sounds, tmp_path):
    """No sound overwrites the one before."""
    speaker = open_speaker("simulated", tmp_path)
    speaker.play(sounds / "tone.wav", 1.0)
    speaker.play(sounds / "tone.wav", 1.0)
    assert len(list(tmp_path.glob("heard-*.wav"))) == 2


def test_a_sound_that_is_heard_again_is_not_written_again(sounds, tmp_path):
    """The files of a sound at one volume share their blocks; without one it is written anew."""
    speaker = SimulatedSpeaker(tmp_path)
    speaker.prepare(sounds / "tone.wav", 0.5)
    assert list(tmp_path.glob("heard-*.wav")) == []
    for volume in (0.5, 0.5, 0.25):
        speaker.play(sounds / "tone.wav", volume)
    first, second, quieter = sorted(tmp_path.glob("heard-*.wav"))
    assert first.samefile(second)
    assert not first.samefile(quieter)
    heard = first.read_bytes()
    for path in (first, second, quieter):
        path.unlink()
    speaker.play(sounds / "tone.wav", 0.5)
    (again,) = tmp_path.glob("heard-*.wav")
    assert again.read_bytes() == heard


def test_a_sound_whose_file_has_changed_is_decoded_anew(sounds, tmp_path):
    """Whoever replaces the file hears the new sound without a restart."""
    sound = tmp_path / "bell.wav"
    speaker = SimulatedSpeaker(tmp_path / "heard")
    lengths = []
    for seconds in (1, 2):
        write_wav(sound, array("h", [0] * seconds * 8000), 1, 8000)
        os.utime(sound, (seconds, seconds))
        lengths.append(round(speaker.play(sound, 1.0)))
    assert lengths == [1, 2]


def test_only_the_last_files_are_kept(sounds, tmp_path):
    """A house without a sound card rings for years: the last ones stay."""
    speaker = SimulatedSpeaker(tmp_path, keep=3)
    for _ in range(5):
        speaker.play(sounds / "tone.wav", 1.0)
        newest = max(tmp_path.glob("heard-*.wav"))
    assert len(kept := sorted(tmp_path.glob("heard-*.wav"))) == 3
    assert kept[-1] == newest


@without_card
def test_auto_without_a_sound_card_is_a_simulated_speaker(sounds, tmp_path):
    """The demo is heard where it can be, and goes on where it cannot."""
    speaker = open_speaker("auto", tmp_path / "heard")
    assert isinstance(speaker, SimulatedSpeaker)
    speaker.play(sounds / "tone.wav", 1.0)
    assert len(list((tmp_path / "heard").iterdir())) == 1


@without_card
@pytest.mark.parametrize("name", ["default", "usb"])
def test_a_sound_card_that_was_asked_for_and_is_not_there_is_told(tmp_path, name):
    """A person who asks for a card gets no file instead, but an error with what to check."""
    with pytest.raises(SpeakerError, match=r"(?i)no sound card.*aplay -l"):
        open_speaker(name, tmp_path)
