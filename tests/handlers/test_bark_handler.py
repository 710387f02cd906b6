"""`bark`: what is played and how loud, when it is silent, and when it sounds again."""

import wave
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from config import SettingsError
from config.reading.sources import load
from devices.speaker import SimulatedSpeaker, volume_at, write_bark
from hub.testing import event, run


class _Speaker:
    """Records what it is asked to play."""

    def __init__(self):
        self.played = []

    def play(self, sound, volume, *, wait=True):
        self.played.append((sound.name, pytest.approx(volume), wait))
        return 0.8

    def close(self):
        """Nothing is held."""


@pytest.fixture
def dog(shipped):
    """A loaded `bark` with these settings, and a speaker that records what it plays."""

    class Dog:
        def __init__(self, table=None):
            self.file = shipped("bark", {"speaker": "simulated", **(table or {})})
            self.speaker = _Speaker()
            self._opened = self.file.reactions["doorbell.pressed"].uses(self.file.config)
            self.bell = self._opened.__enter__()
            self.bell.speaker = self.speaker

        def hears(self, what, **more):
            """Returns what it returned, and its timers."""
            with run(what, **more) as doing:
                reaction = self.file.reactions[what.type]
                given = (what, self.file.config, *([self.bell] if reaction.uses else []))
                return reaction.function(*given), doing.timers

    return Dog


@pytest.mark.parametrize(("percent", "volume"), [(0, 0.0), (35, 0.35), (100, 1.0)])
def test_the_sound_is_played_at_the_volume(dog, percent, volume):
    """The setting is in percent, and the speaker gets a share of 1."""
    rex = dog({"volume": percent})
    assert rex.hears(event())[0] == f"bark.wav for 0.8 s at {percent} %"
    assert rex.speaker.played == [("bark.wav", volume, True)]


@pytest.mark.parametrize(
    ("now", "percent"),
    [("06:59", 30), ("07:00", 90), ("19:59", 90), ("20:00", 30), ("23:59", 30), ("00:00", 30)],
)
def test_the_volume_goes_with_the_time_of_day(shipped, now, percent):
    """The last time that has come counts; in the small hours that is yesterday's last."""
    file = shipped("bark", {"volume_from": {"07:00": 90, "20:00": 30}})
    config = file.config
    assert volume_at(time.fromisoformat(now), config.volume, config.volume_from) == percent


def test_each_door_may_have_its_sound(dog):
    """People in the kitchen hear that it is the back door."""
    rex = dog({"sound": "ding-dong", "sound_at": {"back": "gong"}})
    rex.hears(event(door="front"))
    rex.hears(event(door="back"))
    assert [name for name, _, _ in rex.speaker.played] == ["ding-dong.wav", "gong.wav"]


def test_the_dog_is_quiet_while_people_sleep(dog):
    """The house's quiet hours hold, unless `even_when_quiet` is set."""
    rex, loud = dog(), dog({"even_when_quiet": True})
    assert (
        rex.hears(event(), quiet="quiet hours until 07:00")[0] == "silent: quiet hours until 07:00"
    )
    assert rex.speaker.played == []
    loud.hears(event(), quiet="quiet hours until 07:00")
    assert len(loud.speaker.played) == 1


def test_a_ring_during_the_sound_may_be_skipped_or_mixed(dog):
    """`skip` leaves a second ring out, `mix` starts it at once, `queue` after the first."""
    skipping, mixing, queueing = (dog({"overlap": how}) for how in ("skip", "mix", "queue"))
    for rex in (skipping, mixing, queueing):
        first, during = event(), event()
        rex.hears(first)
        rex.hears(during)
    assert skipping.hears(event())[0].startswith("bark.wav")
    assert [len(rex.speaker.played) for rex in (skipping, mixing, queueing)] == [2, 2, 2]
    assert {wait for _, _, wait in mixing.speaker.played} == {False}


def test_it_sounds_again_until_an_answer_comes(dog):
    """An answer or the end of the visit stops the repeats; a snooze does not."""
    rex = dog({"repeats": 2, "repeat_s": 7})
    assert rex.hears(event())[1] == {"bark.again": 7}
    assert rex.hears(event("bark.again", left=2))[1] == {"bark.again": 7}
    assert rex.hears(event("bark.again", left=1))[1] == {}
    assert len(rex.speaker.played) == 3
    assert rex.hears(event("visitor.answered", answer="snooze"))[1] == {}
    for ending in (event("visitor.answered", answer="coming"), event("visit.missed")):
        assert rex.hears(ending)[1] == {"bark.again": 0}
    assert rex.hears(event("bark.again", left=0)) == ("the visitor was answered", {})
    assert len(rex.speaker.played) == 3


def test_a_repeat_that_is_late_is_left_out(dog):
    """After an outage the visitor has left, and people may sleep."""
    rex = dog({"repeats": 2})
    late = replace(
        event("bark.again", left=2), time=datetime.now(UTC) - timedelta(seconds=45), boot=""
    )
    assert rex.hears(late) == ("it is too late for that", {})
    assert rex.speaker.played == []


def test_an_answer_to_an_earlier_visitor_stops_nothing(dog):
    """Another visitor rings now."""
    rex = dog({"repeats": 2})
    assert rex.hears(event("visitor.answered", answer="coming", late=True))[1] == {}


def test_in_quiet_hours_it_does_not_sound_again(dog):
    """Quiet hours may begin between two repeats."""
    rex = dog({"repeats": 2})
    assert rex.hears(event("bark.again", left=2), quiet="it is quiet")[1] == {}
    assert rex.speaker.played == []


def test_by_default_a_synthesised_bark_is_played(shipped, tmp_path):
    """At the start the bark is written into the state folder, and a press makes it heard."""
    file = shipped("bark", {"speaker": "simulated"})
    reaction = file.reactions["doorbell.pressed"]
    with reaction.uses(file.config) as bell, run() as doing:
        assert isinstance(bell.speaker, SimulatedSpeaker)
        assert reaction.function(doing.event, file.config, bell) == "bark.wav for 0.8 s at 80 %"
    (heard,) = (tmp_path / "state" / "heard").iterdir()
    with wave.open(str(heard), "rb") as wav:
        assert wav.getnframes() / wav.getframerate() == pytest.approx(0.8, abs=0.01)


def test_your_own_sound_is_played_instead(dog, tmp_path):
    """The file that was set is what the speaker gets, and no other is written."""
    rex = dog({"sound": str(write_bark(tmp_path / "own.wav", woofs=1))})
    rex.hears(event())
    assert [name for name, _, _ in rex.speaker.played] == ["own.wav"]
    assert not (tmp_path / "state" / "bark.wav").exists()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"sound": "/absent/woof.wav"}, "sound: there is no file /absent/woof.wav"),
        (
            {"sound_at": {"back": "bong"}},
            "sound_at: back: 'bong': no sound. There are bark, ding, ding-dong,",
        ),
        ({"volume": 101}, "volume: must be at most 100"),
        ({"volumen": 50}, "volumen: unknown key. Did you mean 'volume'?"),
    ],
)
def test_a_wrong_setting_is_reported_at_the_start(shipped, table, says):
    """The faults of the handler's table say where, what, and what to do."""
    with pytest.raises(SettingsError) as told:
        shipped("bark", table)
    (fault,) = told.value.faults
    assert fault.startswith("bark.py: [handlers.bark] ")
    assert says in fault


def test_a_fault_of_a_handlers_setting_in_the_environment_names_the_variable(
    shipped, monkeypatch, tmp_path
):
    """A fault of a variable is reported with the variable's name, in a handler's table too."""
    monkeypatch.setenv("DOORBELL_HANDLERS__BARK__VOLUME", "loud")
    (tmp_path / "doorbell.toml").touch()
    with pytest.raises(SettingsError) as told:
        shipped("bark", load(tmp_path / "doorbell.toml").handlers["bark"])
    assert told.value.faults[0].startswith("DOORBELL_HANDLERS__BARK__VOLUME: ")
