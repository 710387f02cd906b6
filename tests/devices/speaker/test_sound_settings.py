"""The settings of a handler that makes a sound."""

from datetime import datetime, time

import pytest
from pydantic import ValidationError

from devices.speaker import SoundSettings


def test_each_door_may_have_its_own_sound():
    """The other doors have the common one, and all of them are known."""
    settings = SoundSettings(sound="ding", sound_at={"back": "gong"})
    assert [settings.sound_for(door) for door in ("front", "back")] == ["ding", "gong"]
    assert settings.sounds == {"ding", "gong"}


def test_the_volume_is_that_of_this_hour():
    """Without a schedule it is always the same."""
    assert SoundSettings(volume=40).volume_now() == 40
    now = datetime.now().astimezone().time()
    assert SoundSettings(volume_from={time(0): 30, now: 50}).volume_now() == 50


def test_a_sound_that_does_not_exist_is_a_fault():
    """The line names the setting and the door."""
    settings = SoundSettings(sound="/absent.wav", sound_at={"back": "bong"})
    first, second = settings.faults_in_sounds()
    assert first == "sound: there is no file /absent.wav"
    assert second.startswith("sound_at: back: 'bong': no sound.")


def test_a_file_that_cannot_be_played_is_found(tmp_path):
    """It exists, so only playing it shows the fault."""
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    settings = SoundSettings(speaker="simulated", sound=str(broken))
    assert settings.faults_in_sounds() == []
    (fault,) = settings.absent_sounds()
    assert fault.startswith(f"sound: {broken}: cannot be played")


def test_the_player_has_the_sounds_of_all_doors(tmp_path):
    """They are played on the speaker that is set."""
    settings = SoundSettings(speaker="simulated", sound="ding", sound_at={"back": "gong"})
    with settings.open_player(tmp_path) as player:
        assert player.play("ding", 50).endswith("at 50 %")
        assert player.play("gong", 50).startswith("gong.wav")


@pytest.mark.parametrize(
    "table", [{"volume": 101}, {"overlap": "louder"}, {"volume_from": {"25:00": 1}}]
)
def test_values_out_of_range_are_refused(table):
    """A volume is 0 to 100 percent, and there are three rules for sounds that overlap."""
    with pytest.raises(ValidationError):
        SoundSettings(**table)
