"""`bark`: what is played, how loud, and when nobody wants to hear it."""

import wave
from datetime import datetime, time, timedelta

import pytest

from config import SettingsError
from config.sources import load
from devices.bark import write_bark
from devices.speaker import SimulatedSpeaker
from hub.testing import event


class _Speaker:
    """Plays to nobody."""

    def __init__(self):
        self.played = []

    def play(self, sound, volume):
        self.played.append((sound, volume))
        return 0.8

    def close(self):
        """Nothing is held."""


def _bark(file, speaker, sound):
    return file.reactions["doorbell.pressed"].function(event(), file.config, (speaker, sound))


@pytest.mark.parametrize(("percent", "volume"), [(0, 0.0), (35, 0.35), (100, 1.0)])
def test_the_sound_is_played_at_the_volume(shipped, tmp_path, percent, volume):
    """Percent are what a person sets, a share is what the speaker gets."""
    speaker = _Speaker()
    outcome = _bark(shipped("bark", {"volume": percent}), speaker, tmp_path / "woof.wav")
    assert speaker.played == [(tmp_path / "woof.wav", pytest.approx(volume))]
    assert outcome == f"woof.wav for 0.8 s at {percent} %"


@pytest.mark.parametrize(
    ("begin", "end", "now", "quiet"),
    [
        ("13:00", "15:00", "12:59", False),
        ("13:00", "15:00", "13:00", True),
        ("13:00", "15:00", "14:59", True),
        ("13:00", "15:00", "15:00", False),
        ("22:00", "07:00", "21:59", False),
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "23:59", True),
        ("22:00", "07:00", "00:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("22:00", "07:00", "12:00", False),
        (None, None, "03:00", False),
    ],
)
def test_quiet_hours_may_go_over_midnight(shipped, begin, end, now, quiet):
    """From the first minute on, until the second time, and over midnight when that is the earlier one."""
    hours = {} if begin is None else {"quiet_from": begin, "quiet_to": end}
    file = shipped("bark", hours)
    is_quiet = file.reactions["doorbell.pressed"].function.__globals__["_is_quiet"]
    assert is_quiet(time.fromisoformat(now), file.config) is quiet


@pytest.mark.parametrize(("from_h", "to_h", "barks"), [(-2, 2, 0), (2, 4, 1), (-4, -2, 1)])
def test_the_dog_is_quiet_while_people_sleep(shipped, tmp_path, from_h, to_h, barks):
    """It is the local time that counts, and in quiet hours nothing is played."""
    now = datetime.now().astimezone()
    hours = {key: (now + timedelta(hours=h)).time() for key, h in (("quiet_from", from_h), ("quiet_to", to_h))}
    speaker = _Speaker()
    outcome = _bark(shipped("bark", hours), speaker, tmp_path / "woof.wav")
    assert len(speaker.played) == barks
    assert (outcome == "quiet hours") is (barks == 0)


def test_without_a_sound_of_ones_own_the_dog_is_synthesised(shipped, tmp_path):
    """At the start the bark is written into the state folder, and a press makes it heard."""
    file = shipped("bark", {"speaker": "simulated"})
    with file.reactions["doorbell.pressed"].uses(file.config) as (speaker, sound):
        assert isinstance(speaker, SimulatedSpeaker)
        assert sound == tmp_path / "state" / "bark.wav"
        assert _bark(file, speaker, sound) == "bark.wav for 0.8 s at 80 %"
    (heard,) = (tmp_path / "state" / "heard").iterdir()
    with wave.open(str(heard), "rb") as wav:
        assert wav.getnframes() / wav.getframerate() == pytest.approx(0.8, abs=0.01)


def test_a_sound_of_ones_own_is_played_instead(shipped, tmp_path):
    """The file that was set is what the speaker gets, and no other is written."""
    own = write_bark(tmp_path / "own.wav", woofs=1)
    file = shipped("bark", {"speaker": "simulated", "sound": str(own)})
    with file.reactions["doorbell.pressed"].uses(file.config) as (_, sound):
        assert sound == own
    assert not (tmp_path / "state" / "bark.wav").exists()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"sound": "/absent/woof.wav"}, "sound: there is no such file"),
        ({"volume": 101}, "volume: Input should be less than or equal to 100"),
        ({"volumen": 50}, "volumen: unknown key. Did you mean 'volume'?"),
        ({"quiet_from": "late"}, "quiet_from: not a time. Write it like"),
    ],
)
def test_a_wrong_setting_is_told_before_anybody_rings(shipped, table, says):
    """The faults of the handler's own table are told at the start, with where, what and how."""
    with pytest.raises(SettingsError) as told:
        shipped("bark", table)
    (fault,) = told.value.faults
    assert fault.startswith("bark.py: [handlers.bark] ")
    assert says in fault


def test_a_fault_of_a_handlers_setting_in_the_environment_names_the_variable(shipped, monkeypatch, tmp_path):
    """What came from a variable is told with the variable's name, in a handler's table too."""
    monkeypatch.setenv("DOORBELL_HANDLERS__BARK__VOLUME", "loud")
    (tmp_path / "doorbell.toml").touch()
    with pytest.raises(SettingsError) as told:
        shipped("bark", load(tmp_path / "doorbell.toml").handlers["bark"])
    assert told.value.faults[0].startswith("DOORBELL_HANDLERS__BARK__VOLUME: ")
