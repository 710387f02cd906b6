"""Devices with several outputs under faults: each output is afterwards as it was before.

The left one was off and the right one on, so whoever takes one of them for the whole is found out.
"""

import signal
import textwrap
from copy import deepcopy

import pytest

from tests.house import House, until
from tests.outputs import LEFT, OUTPUTS, RIGHT, WledSegments

pytestmark = pytest.mark.fault_matrix

MINUTES = 0.04


@pytest.fixture(params=OUTPUTS, ids=lambda device: device.__name__)
def porch(request, mosquitto, tmp_path):
    """A house whose `light` has both outputs of a device, and the device."""
    with House(tmp_path / "house", mosquitto) as house, request.param(mosquitto.port) as device:
        house.settings = textwrap.dedent(f"""
            [handlers.light]
            when = "always"
            minutes = {MINUTES}
            [handlers.light.scenes.front]
            lamps = {list(device.lamps)}
        """) + textwrap.dedent(device.settings)
        house.start("hub", "light")
        yield house, device


def _light(house, device):
    house.press()
    until(lambda: device.lit == [True, True], lambda: f"{device.told} {house.log('light')}")


def test_after_a_kill_each_output_is_put_back(porch):
    """The process dies while the lamps are on, and the time is up while it is away."""
    house, device = porch
    _light(house, device)
    house.kill("light", signal.SIGKILL)
    house.start("light")
    until(lambda: device.lit == [False, True], lambda: f"{device.told} {house.log('light')}")


def test_each_output_is_put_back_though_the_run_that_lit_it_never_ended(porch):
    """The process dies between the lamps and its outcome; the next one knows how they were."""
    house, device = porch
    house.kill("light", signal.SIGKILL)
    house.start("light", doom="before:hub.consumer.outcomes:Outcomes.done:1", wait=False)
    house.wait_ready("light")
    house.press()
    until(lambda: not house.is_running("light"), lambda: house.log("light"))
    assert device.lit == [True, True]
    house.start("light")
    until(lambda: device.lit == [False, True], lambda: f"{device.told} {house.log('light')}")


def test_an_output_that_a_person_switched_stays_so(porch):
    """The other one is put back all the same."""
    house, device = porch
    _light(house, device)
    until(lambda: house.ears.events("handler.done", "light"), lambda: house.log("light"))
    device.switch(RIGHT, on=False)
    until(lambda: not device.lit[LEFT], lambda: f"{device.told} {house.log('light')}")
    until(lambda: _notes(house, 3), lambda: house.log("light"))
    assert sorted(_notes(house, 3)[1:]) == ["back to off", "somebody has changed it: left off"]
    assert device.lit == [False, False]


def test_a_device_that_is_away_is_put_back_when_it_answers(porch):
    """It says nothing and does nothing when the time is up; tries go on until it is back."""
    house, device = porch
    _light(house, device)
    until(lambda: house.ears.events("handler.done", "light"), lambda: house.log("light"))
    device.go_away()
    until(lambda: house.ears.events("handler.retried", "light"), lambda: house.log("light"))
    assert device.lit == [True, True]
    device.come_back()
    until(lambda: device.lit == [False, True], lambda: f"{device.told} {house.log('light')}")


def test_after_a_kill_each_segment_of_a_strip_is_put_back(mosquitto, tmp_path):
    """A strip with WLED by HTTP gets its colours and effects back."""
    with House(tmp_path / "house", mosquitto) as house, WledSegments() as strip:
        before = deepcopy(strip.state)
        house.settings = f"""
            [handlers.light]
            lamp = "wled:{strip.url}"
            when = "always"
            minutes = {MINUTES}
            [handlers.light.scenes.front]
            color = "#ffcc88"
        """
        house.start("hub", "light")
        house.press()
        until(lambda: strip.state["on"], lambda: house.log("light"))
        assert [segment["fx"] for segment in strip.state["seg"]] == [0, 0]
        house.kill("light", signal.SIGKILL)
        house.start("light")
        until(lambda: strip.state == before, lambda: f"{strip.state} {house.log('light')}")


def _notes(house, count):
    done = house.ears.events("handler.done", "light")
    return [event["data"].get("note", "") for event in done] if len(done) >= count else []
