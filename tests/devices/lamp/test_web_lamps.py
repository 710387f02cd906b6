"""Lamps that are reached by HTTP: WLED's segments, and what is told of Home Assistant's."""

from copy import deepcopy

import pytest

from devices.lamp import OFF, BorrowedLamp, LampSettings, LampState, LightError, open_light
from devices.lamp.makes.web_api import WebApi
from tests.house import free_port
from tests.outputs import WledSegments

SCENE = LampState(on=True, brightness=100, colour="#ffcc88")


@pytest.fixture
def strip():
    """Red on the left, a blue effect on the right."""
    with WledSegments() as strip:
        yield strip


def _borrowed(strip, folder, memory):
    name = f"wled:{strip.url}"
    return BorrowedLamp(name, open_light(name, None, folder), memory)


def test_each_segment_is_put_back_as_it_was(strip, tmp_path):
    """All of them show the scene's colour, and afterwards their own colours and effects."""
    before = deepcopy(strip.state)
    memory = {}
    lamp = _borrowed(strip, tmp_path, memory)
    lamp.prepare(SCENE, is_repeat=False)
    lamp.light()
    lamp.look()
    assert [segment["col"][0] for segment in strip.state["seg"]] == [[255, 204, 136]] * 2
    assert [segment["fx"] for segment in strip.state["seg"]] == [0, 0]
    assert (strip.state["on"], strip.state["bri"]) == (True, 255)
    again = _borrowed(strip, tmp_path, memory)
    assert again.give_back(is_last_try=False) == "back to off"
    assert strip.state == before


def test_a_segment_that_a_person_changed_is_seen(strip, tmp_path):
    """Though the first one and the brightness are as we left them."""
    lamp = _borrowed(strip, tmp_path, {})
    lamp.prepare(SCENE, is_repeat=False)
    lamp.light()
    lamp.look()
    strip.state["seg"][1]["col"] = [[0, 255, 0], [0, 0, 0], [0, 0, 0]]
    assert lamp.give_back(is_last_try=False) == "somebody has changed it: left on"


def test_without_a_colour_the_segments_stay_as_they_are(strip, tmp_path):
    """A scene that only lights them changes nothing else."""
    lamp = open_light(f"wled:{strip.url}", None, tmp_path)
    segments = deepcopy(strip.state["seg"])
    lamp.put(LampState(on=True))
    assert (strip.state["on"], strip.state["seg"]) == (True, segments)


def test_a_strip_without_power_is_silent_and_cannot_be_lit(tmp_path):
    """It is tried again later."""
    lamp = open_light(f"wled:http://127.0.0.1:{free_port()}", None, tmp_path)
    assert (lamp.known(), lamp.read()) == (None, None)
    with pytest.raises(ConnectionError, match="cannot be reached"):
        lamp.put(OFF)


def test_who_refuses_a_call_is_no_lamp_that_is_away(strip):
    """The text names the status and what may be wrong."""

    def refuse(handler):
        handler.send_error(401)

    strip.handler.do_GET = refuse
    with pytest.raises(LightError, match=r"it answers 401 .*Is the token right"):
        WebApi("it", strip.url).call("/json/state", timeout_s=1)


@pytest.mark.parametrize(
    ("status", "error"),
    [(307, LightError), (404, LightError), (429, ConnectionError), (500, ConnectionError)],
)
def test_a_call_is_never_sent_on(strip, status, error):
    """A redirection would carry the token to another address; trouble of its own may pass."""
    strip.handler.do_GET = lambda handler: handler.send_error(status)
    with pytest.raises(error, match=f"it answers {status}"):
        WebApi("it", strip.url).call("/json/state", timeout_s=1)


def test_check_tells_what_home_assistant_does_not_know(strip):
    """The lamp, and what is wrong with it; other kinds of lamps are not asked."""
    settings = LampSettings.model_validate(
        {
            "lamp": "homeassistant:light.porch",
            "scenes": {"back": {"lamps": ["wled:porch"]}},
            "homeassistant": {"url": strip.url, "token": "s3cret"},
        }
    )
    strip.handler.do_GET = lambda handler: handler.send_error(404)
    (fault,) = settings.absent_lamps()
    assert fault.startswith("lamp: homeassistant:light.porch: Home Assistant answers 404")
    strip.handler.do_GET = lambda handler: handler.answer({"state": "on", "attributes": {}})
    assert settings.absent_lamps() == []
