"""A sound card of ALSA: its `file` plugin records what the card was given, at its own pace."""

import subprocess

import pytest

from devices.speaker import write_chime
from tests.devices import alsa_card

CARD = """
pcm.doorstep {{
  type file
  slave.pcm "null"
  file "{path}"
  format "wav"
  hint {{ show on description "Doorstep speaker" }}
}}
"""
PROGRAM = """
import json, os, sys, threading, time
from pathlib import Path
from devices.speaker import open_speaker
speaker = open_speaker("doorstep", Path("nowhere"))
{body}
speaker.close()
"""


@pytest.fixture
def card(tmp_path, needed):
    """Runs a program that plays on the card; gives its output, and sox's figures of the sound."""
    needed("sox")
    needed("aplay", "alsa-utils")
    path = tmp_path / "played.wav"
    configuration = alsa_card.configure(tmp_path / "alsa.conf", CARD.format(path=path))

    def run(body, *arguments):
        printed = alsa_card.run(configuration, PROGRAM.format(body=body), *arguments)
        return printed, _figures(path) if path.exists() else {}

    return run


def _figures(path):
    said = subprocess.run(
        ["sox", path, "-n", "stat"], capture_output=True, text=True, check=True
    ).stderr
    return {
        k.strip(): float(v)
        for k, _, v in (line.partition(":") for line in said.splitlines())
        if k.strip() and v
    }


def test_what_is_played_comes_out_of_the_card(card, tmp_path):
    """Through miniaudio and the real ALSA library: all of it, at its volume."""
    sound = write_chime(tmp_path / "chime.wav", "ding-dong")
    length_s, figures = card("print(json.dumps(speaker.play(Path(sys.argv[1]), 0.5)))", sound)
    assert length_s == pytest.approx(1.95, abs=0.01)
    assert figures["Length (seconds)"] > length_s
    assert figures["Maximum amplitude"] == pytest.approx(
        0.5 * 28_000 / 32_768, rel=0.2
    )  # resampling rounds peaks


def test_sounds_that_do_not_wait_are_mixed(card, tmp_path):
    """Two at once are louder than one, and the card is released when the last one ends."""
    sound = write_chime(tmp_path / "gong.wav", "gong")
    body = """
# This card is faster than life, so both sounds must begin together.
speaker._mixer.add(speaker._sounds.get(Path(sys.argv[1]), 0.4))
speaker.play(Path(sys.argv[1]), 0.4, wait=False)
deadline = time.monotonic() + 30
while speaker._card and time.monotonic() < deadline:
    time.sleep(0.01)
for one in threading.enumerate():
    if one.name == "speaker":
        one.join()  # it closes the card, which then has all of it
print(json.dumps(speaker._card is None))
"""
    closed, figures = card(body, sound)
    assert closed is True
    one = 0.4 * 28_000 / 32_768
    assert figures["Maximum amplitude"] == pytest.approx(2 * one, rel=0.2)


def test_a_card_that_was_lost_is_found_again(card, tmp_path):
    """Unplugged, each attempt fails in words; plugged in again, the same speaker plays."""
    sound = write_chime(tmp_path / "ding.wav", "ding")
    body = """
from devices.speaker import SpeakerError
find, said = speaker._miniaudio.Devices.get_playbacks, []
speaker._miniaudio.Devices.get_playbacks = lambda self: []
try:
    speaker.play(Path(sys.argv[1]), 1)
except SpeakerError as error:
    said.append(str(error))
speaker._miniaudio.Devices.get_playbacks = find
said.append(speaker.play(Path(sys.argv[1]), 1) > 1)
print(json.dumps(said))
"""
    (lost, found), figures = card(body, sound)
    assert "no name contains 'doorstep'" in lost
    assert found is True
    assert figures["Maximum amplitude"] > 0.5


def test_a_check_opens_the_card_and_plays_nothing(card, tmp_path):
    """A drill at night is silent."""
    sound = write_chime(tmp_path / "ding.wav", "ding")
    said, figures = card("print(json.dumps(speaker.check(Path(sys.argv[1]))))", sound)
    assert said == "the sound card opens"
    assert figures.get("Maximum amplitude", 0.0) == 0.0
