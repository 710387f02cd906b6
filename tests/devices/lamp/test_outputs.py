"""A device with several outputs: each is a lamp with its own state, and none stands for all."""

import json

import pytest

from devices.lamp import OFF, LampState, LightError, open_light
from hub.plugin.house.device_link import Link
from tests.hub.fakes import FakeBroker

ON = LampState(on=True)
DIM = LampState(on=True, brightness=40)


class Device:
    """Lamps of ours on a broker, and what a device of that make says there."""

    def __init__(self, folder, *names):
        self.net = FakeBroker()
        link = Link()
        link.attach(self.net.bus())
        self.lamps = [open_light(name, link, folder) for name in names]

    def says(self, topic, said):
        text = said if isinstance(said, str) else json.dumps(said)
        self.net.take(topic, text.encode())

    def told(self, topic):
        """What it was told there, without questions."""
        loads = [load.decode() for at, load in self.net.heard if at == topic]
        return [load for load in loads if load and "GetStatus" not in load]

    def answers(self, results):
        """As a Shelly does to each question: the component that it asks for, or all of them."""
        for topic, load in list(self.net.heard):
            call = json.loads(load) if topic == "porch/rpc" else {}
            if "GetStatus" in call.get("method", ""):
                key = f"switch:{call['params'].get('id')}"
                whole = call["method"].startswith("Shelly")
                result = results if whole else results[key]
                self.says("doorbell-light/rpc", {"id": call["id"], "result": result})


def test_each_output_behind_zigbee2mqtt_is_a_lamp(tmp_path):
    """`state_l2` is the state of `:l2`, and it alone is asked and switched."""
    device = Device(tmp_path, "zigbee2mqtt:porch:l1", "zigbee2mqtt:porch:l2")
    assert device.told("zigbee2mqtt/porch/get") == ['{"state_l1": ""}', '{"state_l2": ""}']
    said = {"state_l1": "OFF", "state_l2": "ON", "brightness_l2": 127, "color_temp_l2": 370}
    device.says("zigbee2mqtt/porch", said)
    first, second = device.lamps
    assert (first.known(), second.known()) == (OFF, LampState(True, 50.0, 2703))
    second.put(LampState(True, 100, 4000))
    (told,) = device.told("zigbee2mqtt/porch/set")
    assert json.loads(told) == {"state_l2": "ON", "brightness_l2": 254, "color_temp_l2": 250}
    assert first.known() == OFF


def test_each_output_of_a_tasmota_is_a_lamp(tmp_path):
    """`POWER2` is the second; a report of another output changes nothing."""
    device = Device(tmp_path, "tasmota:porch:1", "tasmota:porch:2")
    whole = {"Uptime": "0T01:00:00", "POWER1": "ON", "POWER2": "OFF"}
    device.says("stat/porch/RESULT", whole)
    first, second = device.lamps
    assert (first.known(), second.known()) == (ON, OFF)
    second.put(DIM)
    assert device.told("cmnd/porch/POWER2") == ["ON"]
    device.says("stat/porch/RESULT", {"POWER1": "OFF"})
    assert (first.known(), second.known()) == (OFF, None)
    device.says("stat/porch/RESULT", {"POWER2": "ON"})
    assert second.known() == ON


def test_the_light_behind_a_relay_is_dimmed_and_the_relay_is_not(tmp_path):
    """Tasmota numbers the light last; `Dimmer` is about it alone."""
    device = Device(tmp_path, "tasmota:porch:1", "tasmota:porch:2")
    device.says("tele/porch/STATE", {"Uptime": "1", "POWER1": "OFF", "POWER2": "ON", "Dimmer": 70})
    relay, light = device.lamps
    assert (relay.known(), light.known()) == (OFF, LampState(True, 70.0))
    light.put(DIM)
    relay.put(DIM)
    assert device.told("cmnd/porch/Backlog0") == ["Dimmer 40; POWER2 ON"]
    assert device.told("cmnd/porch/POWER1") == ["ON"]


def test_each_channel_of_a_tasmota_has_its_brightness(tmp_path):
    """With SetOption68 a device reports and takes `Channel2`."""
    device = Device(tmp_path, "tasmota:porch:2")
    said = {"Uptime": "1", "POWER1": "ON", "Channel1": 10, "POWER2": "ON", "Channel2": 90}
    device.says("stat/porch/RESULT", said)
    (second,) = device.lamps
    assert second.known() == LampState(True, 90.0)
    second.put(DIM)
    assert device.told("cmnd/porch/Backlog0") == ["Channel2 40; POWER2 ON"]


def test_each_output_of_a_shelly_is_a_lamp(tmp_path):
    """Each component is asked, switched and followed by its id."""
    device = Device(tmp_path, "shelly:porch:0", "shelly:porch:1")
    device.answers({"switch:0": {"output": True}, "switch:1": {"output": False}})
    first, second = device.lamps
    assert (first.known(), second.known()) == (ON, OFF)
    second.put(ON)
    (told,) = device.told("porch/rpc")
    assert json.loads(told)["params"] == {"id": 1, "on": True}
    device.says("porch/events/rpc", {"params": {"switch:0": {"output": False}}})
    assert (first.known(), second.known()) == (OFF, None)
    device.says("porch/events/rpc", {"params": {"switch:1": {"output": True}}})
    assert (first.known(), second.known()) == (OFF, ON)


@pytest.mark.parametrize(
    ("name", "topic", "said", "advice"),
    [
        (
            "zigbee2mqtt:porch",
            "zigbee2mqtt/porch",
            {"state_l1": "ON", "state_l2": "OFF", "linkquality": 90},
            "zigbee2mqtt:porch:l1, zigbee2mqtt:porch:l2",
        ),
        (
            "tasmota:porch",
            "stat/porch/RESULT",
            {"Uptime": "1", "POWER1": "ON", "POWER2": "OFF"},
            "tasmota:porch:1, tasmota:porch:2",
        ),
        (
            "shelly:porch",
            "",
            {"switch:0": {"output": True}, "switch:1": {"output": False}},
            "shelly:porch:0, shelly:porch:1",
        ),
    ],
)
def test_the_first_output_is_not_the_whole_device(tmp_path, name, topic, said, advice):
    """A name without an output is refused, with the names to write, and nothing is switched."""
    device = Device(tmp_path, name)
    if topic:
        device.says(topic, said)
    else:
        device.answers(said)
    with pytest.raises(LightError) as refused:
        device.lamps[0].known()
    assert str(refused.value) == f"{name} has several outputs. Write one or more of {advice}"


@pytest.mark.parametrize("topic", ["home/porch/%prefix%", "%prefix%/home/porch"])
def test_a_tasmota_may_have_another_full_topic(tmp_path, topic):
    """`%prefix%` is where cmnd, stat and tele are."""
    device = Device(tmp_path, f"tasmota:{topic}")
    device.says(topic.replace("%prefix%", "stat") + "/RESULT", {"Uptime": "1", "POWER": "ON"})
    (lamp,) = device.lamps
    assert lamp.known() == ON
    lamp.put(OFF)
    assert device.told(topic.replace("%prefix%", "cmnd") + "/POWER") == ["OFF"]
    device.says(topic.replace("%prefix%", "stat") + "/RESULT", {"POWER": "OFF"})
    device.says(topic.replace("%prefix%", "tele") + "/LWT", "Offline")
    assert lamp.known() is None


def test_a_colour_reaches_all_selected_segments_of_a_strip(tmp_path):
    """WLED takes `seg` as an object for these; as a list it would be segment 0 alone."""
    device = Device(tmp_path, "wled:wled/porch")
    device.lamps[0].put(LampState(True, 80, "#ffcc88"))
    (told,) = device.told("wled/porch/api")
    assert json.loads(told) == {"on": True, "bri": 204, "seg": {"col": [[255, 204, 136]]}}
