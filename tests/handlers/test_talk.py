"""`talk`: its dry run, whose privacy it obeys, and what is wrong with its settings."""

import pytest

from config import SettingsError
from devices.speaker import SpeakerError
from hub.testing import event, run
from tests.devices.talk.client import Client
from tests.needs import sound_library

SIMULATED = {"enabled": True, "speaker": "simulated", "microphone": "simulated"}
ALL_DAY = {"private_from": "00:00", "private_to": "23:59:59.999999"}


def _rehearse(file):
    file.config.state_dir.mkdir(exist_ok=True)
    reaction = file.reactions["doorbell.drilled"]
    with run(event("doorbell.drilled")) as doing, reaction.uses(file.config) as intercom:
        return reaction.function(doing.event, file.config, intercom)


def test_it_is_off_until_somebody_wants_it(shipped):
    """A microphone at the door is no default."""
    assert not shipped("talk").config.enabled


def test_its_dry_run_opens_both(shipped, tmp_path):
    """In silence; a microphone that is missing fails it."""
    sound_library()
    assert _rehearse(shipped("talk", SIMULATED)) == "the speaker and the microphone open"
    with pytest.raises(SpeakerError, match=r"absent\.wav"):
        _rehearse(shipped("talk", SIMULATED | {"microphone": str(tmp_path / "absent.wav")}))


def test_where_the_camera_may_not_see_nobody_listens(shipped):
    """By the settings of `record`."""
    file = shipped("talk", SIMULATED)
    file.config.state_dir.mkdir()
    file.config._settings.handlers["record"] = ALL_DAY
    with file.reactions["doorbell.drilled"].uses(file.config):
        client = Client(file.config.state_dir, "GET /front/listen")
        assert client.status == 503
        assert b"nothing is heard" in client.read()
        client.close()


def test_faulty_times_of_the_camera_do_not_open_the_microphone(shipped):
    """The text names them, and not what they hold."""
    file = shipped("talk", SIMULATED)
    file.config._settings.handlers["record"] = {"private_from": "hunter2"}
    with pytest.raises(ValueError, match="private_from: faulty") as caught:
        file.reactions["doorbell.drilled"].uses(file.config)
    assert "hunter2" not in str(caught.value)


def test_doors_that_there_are_not_are_told(shipped):
    """In the settings of both."""
    wrong = {"speakers": {"attic": "USB"}, "microphones": {"cellar": "USB"}}
    with pytest.raises(SettingsError) as caught:
        shipped("talk", SIMULATED | wrong)
    speakers, microphones = caught.value.faults
    assert "speakers: there is no door 'attic'" in speakers
    assert "microphones: there is no door 'cellar'" in microphones


def test_devices_that_are_not_there_are_told(shipped, tmp_path):
    """`doorbell check` names each with its place."""
    sound_library()
    absent = str(tmp_path / "absent.wav")
    file = shipped("talk", SIMULATED | {"microphones": {"front": absent}, "speaker": "no such"})
    speaker, microphone = file.config.absent()
    assert speaker.startswith("speaker: no ")
    assert microphone.startswith(f"microphones.front: {absent}")
