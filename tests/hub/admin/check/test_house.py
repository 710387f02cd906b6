"""`doorbell check`: settings, handler files, and what they name; all faults at once."""

import os

import pytest

from config import Settings, SettingsError
from config.reading import sources
from devices.machine import fault_in_folder
from hub.admin.check.house import check
from hub.process.supervisor import Supervisor
from tests.needs import find_program

TWO_DOORS = """
[doors.front.button]
driver = "gpio"
pin = 17
[doors.garden.button]
driver = "gpio"
pin = 17
"""


@pytest.fixture
def report(tmp_path):
    """What is said of a settings file with this text."""

    def of(text):
        path = tmp_path / "doorbell.toml"
        path.write_text('state_dir = "state"\n[handlers.light]\nwhen = "always"\n' + text)
        return check(sources.load(path), path)

    return of


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'lamp = "zigbee:porch"',
            "[handlers.light] lamp: 'zigbee:porch': not a lamp. Write simulated,",
        ),
        (
            'lamp = "gpio:17"\n[doors.front.button]\ndriver = "gpio"\npin = 17',
            "[handlers.light] lamp: GPIO 17 is used by [doors.front.button]. Use another line",
        ),
        (
            '[handlers.record]\ncamera = "/dev/video99"',
            "[handlers.record] camera: /dev/video99: there is no",
        ),
        (
            '[handlers.record]\ncamera = "porch"',
            "[handlers.record] camera: 'porch': no camera and no video",
        ),
        ('[handlers.bark]\nspeaker = "Porch"', "[handlers.bark] speaker: "),
        (
            'lamp = "gpio:5"\n[handlers.light.scenes.front]\nlamps = ["gpio:5:low"]',
            "[handlers.light] lamp: GPIO 5 is",
        ),
        ('sensor_topic = "a/#/b"', "[handlers.light] sensor_topic: 'a/#/b': + and # are"),
        (
            "[handlers.light.scenes.bakc]",
            "[handlers.light] scenes: there is no door 'bakc'.",
        ),
        (
            '[handlers.bark.sound_at]\nfornt = "gong"',
            "[handlers.bark] sound_at: there is no door 'fornt'. Did",
        ),
        ('[handlers.bark]\nsound = "doorbell.toml"', "[handlers.bark] sound: "),
        ('[chime]\nspeaker = "nosuchcard"', "doorbell.toml: [chime] speaker: "),
        ('[chime]\nspeaker = "simulated"\nsound = "gone.wav"', "doorbell.toml: [chime] sound: "),
        (
            '[doors.front.led]\nnotified_by = ["notfy"]',
            "doorbell.toml: [doors.front.led] notified_by: there is no handler 'notfy'.",
        ),
        ('[handlers.record]\nfolder = "/dev/null/films"', "[handlers.record] folder: "),
        (
            '[handlers.record]\nprivate_topic = "home/+"',
            "[handlers.record] private_topic: ",
        ),
        (
            '[handlers.notify.recipients.anna]\nurls = ["json://h"]\ndoors = ["bakc"]',
            "[handlers.notify] recipients.anna: there is no door 'bakc'.",
        ),
    ],
)
def test_what_cannot_work_here_is_told(report, text, fault):
    """An unknown name, a line used twice, a device that does not exist."""
    assert [line for line in report(text).faults if fault in line], report(text).faults


def test_a_voice_that_espeak_ng_does_not_have_is_told(report):
    """espeak-ng itself lists its voices."""
    find_program("espeak-ng")
    faults = report('[handlers.speak]\nenabled = true\nvoice = "espeak-ng:klingonx"').faults
    assert any("[handlers.speak] voice: espeak-ng:klin" in fault for fault in faults)


def test_what_is_switched_off_needs_no_device(report):
    """A device that may come later does not keep a handler from starting."""
    assert report('[handlers.record]\nenabled = false\ncamera = "/dev/video99"').faults == []
    assert any(
        line.startswith("record: ")
        for line in report('[handlers.record]\ncamera = "/dev/video99"').good
    )


def test_two_buttons_do_not_share_a_line(report):
    """Both doors are named."""
    with pytest.raises(
        SettingsError,
        match=r"\[doors.garden.button\] pin: this and \[doors.front.button\] both use pin 17",
    ):
        report(TWO_DOORS)


def test_a_folder_that_was_named_must_be_there(tmp_path):
    """A default folder need not exist."""
    path = tmp_path / "doorbell.toml"
    path.write_text('[handlers.light]\nwhen = "always"\n')
    assert check(sources.load(path), path).faults == []
    path.write_text('handlers_dir = "reactions"\n[handlers.light]\nwhen = "always"\n')
    assert [line for line in check(sources.load(path), path).faults if "there is no folder" in line]


def test_a_state_folder_must_be_writable(tmp_path):
    """Whether it exists or has yet to be made."""
    assert fault_in_folder(tmp_path / "a" / "b") is None
    (tmp_path / "file").write_text("")
    assert "is not a folder" in fault_in_folder(tmp_path / "file" / "b")
    assert fault_in_folder(tmp_path / "file")
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        assert "cannot be written by you" in fault_in_folder(tmp_path / "locked" / "b")


def test_a_state_folder_must_take_files(tmp_path):
    """Root may write everywhere, and can make no file in /proc all the same."""
    path = tmp_path / "doorbell.toml"
    path.write_text('state_dir = "/proc/x"\n')
    settings = sources.load(path)
    (fault,) = [line for line in check(settings, path).faults if "state_dir" in line]
    assert fault.startswith("doorbell.toml: state_dir: /proc ")
    with pytest.raises(SettingsError, match=r"doorbell.toml: state_dir: /proc ") as refused:
        Supervisor(settings, path, lambda *_: None).start()
    assert "ame another folder" in str(refused.value)


def test_the_rest_is_checked_in_spite_of_a_fault(tmp_path):
    """The tables without faults stay usable."""
    path = tmp_path / "doorbell.toml"
    path.write_text("[broker]\nprot = 1\n[handlers.bark]\nvolume = 200\n")
    with pytest.raises(SettingsError) as caught:
        sources.load(path)
    assert isinstance(caught.value.usable, Settings)
    assert [line for line in check(caught.value.usable, path).faults if "volume" in line]
