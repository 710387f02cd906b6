"""Lamps that the settings describe by topics and payloads."""

import json

import pytest

from devices.lamp import (
    OFF,
    Darkness,
    DarknessSettings,
    LampSettings,
    LampState,
    open_light,
    open_porch,
)
from hub.plugin.house.device_link import Link
from tests.hub.fakes import FakeBroker

ON = LampState(on=True)
SHELLY_1 = {
    "command_topic": "shellies/shelly1-A1/relay/0/command",
    "on": "on",
    "off": "off",
    "state_topic": "shellies/shelly1-A1/relay/0",
    "ask_topic": "shellies/shelly1-A1/command",
    "ask": "update",
    "availability_topic": "shellies/shelly1-A1/online",
}
SHELLY_DIMMER = {
    "command_topic": "shellies/shellydimmer-A1/light/0/set",
    "on": '{"turn":"on"}',
    "off": '{"turn":"off"}',
    "state_topic": "shellies/shellydimmer-A1/light/0/status",
    "state_key": "ison",
    "state_on": "true",
    "state_off": "false",
    "brightness_key": "brightness",
    "brightness_max": 100,
    "ask_topic": "shellies/shellydimmer-A1/command",
    "ask": "update",
}
ESPHOME = {
    "command_topic": "porch/light/lamp/command",
    "on": '{"state":"ON"}',
    "off": '{"state":"OFF"}',
    "state_topic": "porch/light/lamp/state",
    "state_key": "state",
    "state_on": "ON",
    "state_off": "OFF",
    "brightness_key": "brightness",
    "availability_topic": "porch/status",
}


class Device:
    """A described lamp of ours, and what the device says on the broker."""

    def __init__(self, described, folder):
        self.net = FakeBroker()
        self.bus = self.net.bus()
        link = Link()
        link.attach(self.bus)
        settings = LampSettings.model_validate({"mqtt_lamps": {"porch": described}})
        self.lamp = open_light("mqtt:porch", link, folder, settings)

    def says(self, topic, said, *, retained=False):
        text = said if isinstance(said, str) else json.dumps(said)
        self.net.take(topic, text.encode(), retained=retained)


def test_a_relay_is_asked_told_and_followed(tmp_path):
    """A Shelly of the first generation: `update` makes it say how it is."""
    device = Device(SHELLY_1, tmp_path)
    assert device.net.heard == [("shellies/shelly1-A1/command", b"update")]
    device.says("shellies/shelly1-A1/relay/0", "off")
    assert device.lamp.known() == OFF
    device.lamp.put(ON)
    assert device.net.heard[-1] == ("shellies/shelly1-A1/relay/0/command", b"on")
    assert device.lamp.known() is None
    device.says("shellies/shelly1-A1/relay/0", "on")
    assert device.lamp.known() == ON
    device.says("shellies/shelly1-A1/online", "false")
    assert device.lamp.known() is None


def test_a_dimmer_speaks_json(tmp_path):
    """Its brightness comes with the payload, in its own unit."""
    device = Device(SHELLY_DIMMER, tmp_path)
    device.says(SHELLY_DIMMER["state_topic"], {"ison": True, "brightness": 30, "mode": "white"})
    assert device.lamp.known() == LampState(True, 30.0)
    device.lamp.put(LampState(True, 80))
    assert json.loads(device.net.heard[-1][1]) == {"turn": "on", "brightness": 80}
    device.lamp.put(LampState(False, 30))
    assert json.loads(device.net.heard[-1][1]) == {"turn": "off", "brightness": 30}


def test_a_lamp_that_cannot_be_asked_is_believed_what_the_broker_keeps(tmp_path):
    """ESPHome retains its state, and its last will says when that no longer counts."""
    device = Device(ESPHOME, tmp_path)
    device.says("porch/light/lamp/state", {"state": "ON", "brightness": 51}, retained=True)
    assert device.lamp.read() == LampState(True, 20.0)
    device.lamp.put(OFF)
    assert device.lamp.known() == LampState(True, 20.0), "it has said nothing else yet"
    device.says("porch/status", "offline", retained=True)
    assert device.lamp.read() is None
    device.says("porch/status", "online")
    device.says("porch/light/lamp/state", {"state": "OFF"})
    assert device.lamp.known() == LampState(False, 20.0)


def test_after_a_reconnect_a_lamp_that_cannot_be_asked_is_unknown(tmp_path):
    """It may have been switched meanwhile, until the broker or the lamp says something."""
    device = Device(ESPHOME, tmp_path)
    device.says("porch/light/lamp/state", {"state": "ON"}, retained=True)
    device.bus.connect()
    assert device.lamp.known() is None


def test_a_lamp_without_a_state_is_only_told(tmp_path):
    """Nothing is waited for that never comes, and nobody knows how it was."""
    device = Device({"command_topic": "rf/lamp", "on": "1", "off": "0"}, tmp_path)
    device.lamp.put(ON)
    assert device.net.heard == [("rf/lamp", b"1")]
    assert (device.lamp.known(), device.lamp.read(1000)) == (None, None)


def test_a_dry_run_does_not_expect_what_a_lamp_never_says(tmp_path):
    """A lamp that is only told is no fault; one that should answer and is silent is one."""
    table = {"shed": {"command_topic": "rf/lamp"}, "porch": SHELLY_1}
    settings = LampSettings.model_validate({"lamp": "mqtt:shed", "mqtt_lamps": table})
    link = Link()
    link.attach(FakeBroker().bus())
    with open_porch(settings, link, tmp_path, Darkness(DarknessSettings()), {}) as porch:
        assert porch.look("front", 0) == "the lamp is in an unknown state: it reported none"
    silent = settings.model_copy(update={"lamp": "mqtt:porch"})
    with (
        open_porch(silent, link, tmp_path, Darkness(DarknessSettings()), {}) as porch,
        pytest.raises(ConnectionError, match="the lamp mqtt:porch does not answer"),
    ):
        porch.look("front", 0)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"state": 1}', '{"state": null}'])
def test_what_is_no_state_changes_nothing(tmp_path, text):
    """Other programs may publish anything there."""
    device = Device(ESPHOME, tmp_path)
    device.says("porch/light/lamp/state", {"state": "ON"})
    device.says("porch/light/lamp/state", text)
    assert device.lamp.known() == ON
