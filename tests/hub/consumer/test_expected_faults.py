"""What the log says of a fault: a device's own words in one line, an author's mistake with all."""

import logging

import pytest

from devices.camera import CameraError
from devices.lamp import LightAwayError, LightError
from devices.phone import UndeliveredError
from devices.phone.delivery.dispatch_result import DispatchResult
from devices.speaker import SpeakerError, VoiceError
from hub.plugin.house.device_link import Link
from tests.hub.fakes import does, ring

AWAY = "the camera rtsp://h gives no picture. Is it plugged in and reachable?"


def _told(caplog) -> logging.LogRecord:
    (told,) = [one for one in caplog.records if "failed (attempt" in one.message]
    return told


def _raising(error):
    def function(event, config):
        raise error

    return function


@pytest.mark.parametrize(
    "error",
    [
        CameraError(AWAY),
        LightAwayError("the lamp does not answer. Has it power?"),
        LightError("no lamp of this name"),
        SpeakerError("no such card"),
        VoiceError("espeak-ng wrote no sound"),
        UndeliveredError(DispatchResult(failed={"ntfy": "ntfy answers 500"})),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_device_says_is_one_line(react, hub, caplog, error):
    """A camera that is away logged a traceback of 19 lines at the first picture."""
    ring(hub)
    react(_raising(error), since_s=60, attempts=2)
    told = _told(caplog)
    assert told.message.endswith(f"failed (attempt 1): {error}")
    assert told.exc_info is None


def test_a_broker_that_is_away_is_one_line(react, hub, caplog):
    """A lamp is reached by way of it."""
    ring(hub)
    react(does(lambda _: Link().publish("a/b", "on")), since_s=60, attempts=2)
    told = _told(caplog)
    assert "no connection to the broker" in told.message
    assert told.exc_info is None


@pytest.mark.parametrize("error", [KeyError("brightness"), OSError(28, "No space left on device")])
def test_what_nobody_foresaw_has_its_traceback(react, hub, caplog, error):
    """The author sees the line."""
    ring(hub)
    react(_raising(error), since_s=60, attempts=2)
    assert _told(caplog).exc_info
