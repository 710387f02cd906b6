"""The player: named sounds on one speaker, with one rule for sounds that overlap."""

from datetime import time

import pytest

from devices.speaker import SoundPlayer, SpeakerError, open_player, volume_at


class _Speaker:
    """Records what it is asked to play."""

    def __init__(self):
        self.played = []

    def play(self, sound, volume, *, wait=True):
        self.played.append((sound.name, volume, wait))
        return 0.8

    def check(self, sound):
        return f"the card opens for {sound.name}"

    def close(self):
        """Nothing is held."""


@pytest.fixture
def player(tmp_path):
    """Makes a player with two sounds and this rule, on a speaker that records."""

    def make(overlap):
        sounds = {name: tmp_path / f"{name}.wav" for name in ("ding", "gong")}
        return SoundPlayer(_Speaker(), sounds, overlap)

    return make


def test_a_sound_is_played_by_its_name_and_in_percent(player):
    """The speaker gets the file and a share of 1, and the words say what was heard."""
    made = player("queue")
    assert made.play("gong", 35) == "gong.wav for 0.8 s at 35 %"
    assert made.speaker.played == [("gong.wav", 0.35, True)]
    assert made.check("ding") == "ding.wav can be played; the card opens for ding.wav"
    assert len(made.speaker.played) == 1


@pytest.mark.parametrize(("overlap", "waits"), [("queue", True), ("skip", True), ("mix", False)])
def test_only_mixed_sounds_return_at_once(player, overlap, waits):
    """With the other rules a second sound begins after the first one."""
    made = player(overlap)
    made.play("ding", 100)
    assert made.speaker.played[0][2] is waits


def test_with_skip_a_sound_that_was_wanted_during_another_is_left_out(player):
    """Its age decides: it was wanted before the other one ended."""
    made = player("skip")
    assert not made.leaves_out(5)
    made.play("ding", 100)
    assert made.leaves_out(5)
    assert not made.leaves_out(-5)


@pytest.mark.parametrize("overlap", ["queue", "mix"])
def test_the_other_rules_leave_nothing_out(player, overlap):
    """Every sound is heard."""
    made = player(overlap)
    made.play("ding", 100)
    assert not made.leaves_out(5)


def test_an_open_player_has_its_sounds_and_closes_its_speaker(tmp_path):
    """Built-in sounds are written into the folder; a simulated speaker writes beside them."""
    with open_player("simulated", ["bark", "ding"], tmp_path) as made:
        assert made.play("bark", 100).startswith("bark.wav for 0.8 s")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bark.wav", "ding.wav", "heard"]


def test_the_sounds_are_decoded_at_their_volumes_before_they_are_wanted(tmp_path, monkeypatch):
    """No visitor waits for that; a sound that cannot be decoded stops nobody from opening."""
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    with open_player("simulated", ["ding", str(broken)], tmp_path, volumes=[80, 30]) as made:
        decoded = []
        monkeypatch.setattr("devices.speaker.sounds.samples.array", decoded.append)
        for percent in (80, 30):
            made.play("ding", percent)
        assert decoded == []
        with pytest.raises(SpeakerError, match=r"broken\.wav: cannot be played"):
            made.play(str(broken), 80)


@pytest.mark.parametrize(
    ("now", "percent"), [("06:59", 30), ("07:00", 90), ("19:59", 90), ("20:00", 30), ("00:00", 30)]
)
def test_the_volume_follows_the_time_of_day(now, percent):
    """The last time that has come counts; in the small hours that is yesterday's last."""
    schedule = {time(20): 30.0, time(7): 90.0}
    assert volume_at(time.fromisoformat(now), 80, schedule) == percent
    assert volume_at(time.fromisoformat(now), 80, {}) == 80
