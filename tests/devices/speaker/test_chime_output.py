"""The chime on a relay, the player process, and the synthesised chimes."""

import subprocess
import sys
import wave
from array import array

import pytest

from devices.speaker import RelayChime
from devices.speaker.sounds.chimes import RATE_HZ, STRIKES, write_chime
from tests.house import ROOT, until
from tests.needs import sound_library


def test_the_relay_closes_and_opens_by_itself(pins):
    """The call returns at once, and the relay never stays closed: a chime's coil would burn."""
    chime, line = RelayChime(23, strike_s=0.05), pins.pin(23)
    chime.ring()
    until(
        lambda: [one.state for one in line.states][-2:] == [True, False], lambda: str(line.states)
    )
    chime.close()


def test_a_relay_that_closes_on_low_rests_high(pins):
    """Many boards are built so; the other way round the chime would ring all the time."""
    chime, line = RelayChime(23, strike_s=0.05, active_high=False), pins.pin(23)
    assert line.state
    chime.ring()
    until(
        lambda: [one.state for one in line.states][-2:] == [False, True], lambda: str(line.states)
    )
    chime.close()


@pytest.mark.parametrize("name", STRIKES)
def test_a_chime_is_heard_and_does_not_click(tmp_path, name):
    """Near full scale, silent at both ends, the same each time."""
    path = write_chime(tmp_path / "chime.wav", name)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE_HZ, 2, 1)
        samples = array("h", file.readframes(file.getnframes()))
    assert 27_000 < max(map(abs, samples)) <= 28_000
    assert max(abs(samples[0]), abs(samples[-1])) < 300
    assert path.read_bytes() == write_chime(tmp_path / "again.wav", name).read_bytes()


def test_the_player_plays_once_and_ends(tmp_path):
    """A file that cannot be played is an error message and an exit code."""
    sound_library()
    sound = write_chime(tmp_path / "chime.wav", "ding-dong")
    run = [sys.executable, "-m", "devices.speaker.chime_output"]
    done = subprocess.run([*run, str(sound), "0.5", "simulated"], cwd=ROOT, check=False)
    assert done.returncode == 0
    (heard,) = (tmp_path / "heard").iterdir()
    with wave.open(str(heard)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(1.95, abs=0.01)
    bad = subprocess.run(
        [*run, str(ROOT / "README.md"), "1", "simulated"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert (bad.returncode, b"README.md: cannot be played" in bad.stderr) == (1, True)
