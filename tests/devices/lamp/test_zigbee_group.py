"""A group of Zigbee2MQTT stands for its lamps, each of which has a state of its own."""

import json
from threading import Thread

import pytest

from devices.lamp import Darkness, DarknessSettings, LampSettings, Porch, open_light
from hub.plugin.house.device_link import Link
from tests.house import until
from tests.hub.fakes import FakeBroker

MEMBERS = [{"ieee_address": "0x1", "endpoint": 11}, {"ieee_address": "0x2", "endpoint": 2}]
DEVICES = [
    {"ieee_address": "0x0", "friendly_name": "Coordinator", "endpoints": {}},
    {"ieee_address": "0x1", "friendly_name": "left", "endpoints": {"11": {"clusters": {}}}},
    {"ieee_address": "0x2", "friendly_name": "double", "endpoints": {"2": {"name": "l2"}}},
]


@pytest.fixture
def net():
    """A broker on which Zigbee2MQTT speaks, with our connection to it."""
    broker = FakeBroker()
    broker.ours = broker.bus()
    return broker


def _lamp(net, folder, name="zigbee2mqtt:porch"):
    link = Link()
    link.attach(net.ours)
    return open_light(name, link, folder)


def _says(net, topic, said):
    text = said if isinstance(said, str) else json.dumps(said)
    net.take(topic, text.encode(), retained=True)


def test_the_lamps_of_a_group_are_found(net, tmp_path):
    """By their names, and by the output where a device has several."""
    lamp = _lamp(net, tmp_path)
    _says(net, "zigbee2mqtt/bridge/groups", [{"friendly_name": "porch", "members": MEMBERS}])
    _says(net, "zigbee2mqtt/bridge/devices", DEVICES)
    assert lamp.members() == ["zigbee2mqtt:left", "zigbee2mqtt:double:l2"]


def test_a_lamp_that_was_renamed_has_its_new_name_only(net, tmp_path):
    """Each list is a whole one: what left it is forgotten, however often lists come."""
    lamp = _lamp(net, tmp_path)
    _says(net, "zigbee2mqtt/bridge/groups", [{"friendly_name": "porch", "members": MEMBERS[1:]}])
    _says(net, "zigbee2mqtt/bridge/devices", DEVICES)
    renamed = {"ieee_address": "0x2", "friendly_name": "single", "endpoints": {"2": {}}}
    _says(net, "zigbee2mqtt/bridge/devices", [renamed])
    assert lamp.members() == ["zigbee2mqtt:single"]


def test_a_press_right_after_the_start_waits_for_the_lists(net, tmp_path):
    """The group must not be switched as one lamp, only because the broker has not told yet."""
    lamp = _lamp(net, tmp_path)
    found = []
    press = Thread(target=lambda: found.extend(lamp.members()))
    press.start()
    _says(net, "zigbee2mqtt/bridge/groups", [{"friendly_name": "porch", "members": MEMBERS}])
    _says(net, "zigbee2mqtt/bridge/devices", DEVICES)
    press.join()
    assert found == ["zigbee2mqtt:left", "zigbee2mqtt:double:l2"]


def test_a_changed_base_topic_is_that_of_the_lamps_too(net, tmp_path):
    """They are named with their whole topics."""
    lamp = _lamp(net, tmp_path, "zigbee2mqtt:attic/porch")
    _says(net, "attic/bridge/groups", [{"friendly_name": "porch", "members": MEMBERS[:1]}])
    _says(net, "attic/bridge/devices", DEVICES)
    assert lamp.members() == ["zigbee2mqtt:attic/left"]


@pytest.mark.parametrize("said", ["", "nonsense", "{}", "[3]", [{"friendly_name": "other"}]])
def test_a_lamp_is_no_group(net, tmp_path, said):
    """It stands for itself, and the long list of devices is not even asked for."""
    lamp = _lamp(net, tmp_path)
    _says(net, "zigbee2mqtt/bridge/groups", said)
    assert lamp.members() == []
    assert not any("devices" in topic for topic in net.ours.filters())


def test_a_lamp_waits_no_longer_than_for_the_list_of_groups(net, tmp_path, monkeypatch):
    """A press right after the start is lit as soon as it is known that the lamp is no group."""
    monkeypatch.setattr("devices.lamp.makes.zigbee_group.ANSWER_S", 3600)
    lamp = _lamp(net, tmp_path)
    press = Thread(target=lamp.members, daemon=True)
    press.start()
    _says(net, "zigbee2mqtt/bridge/groups", [])
    until(lambda: not press.is_alive(), "the lamp is known")


def test_a_group_whose_lamps_are_not_named_is_refused(net, tmp_path, monkeypatch):
    """The list of devices may be larger than we read; the text says what to write."""
    monkeypatch.setattr("devices.lamp.makes.zigbee_group.ANSWER_S", 0.01)
    lamp = _lamp(net, tmp_path)
    _says(net, "zigbee2mqtt/bridge/groups", [{"friendly_name": "porch", "members": MEMBERS}])
    with pytest.raises(ConnectionError, match="Write the group's lamps one by one"):
        lamp.members()


def test_a_group_in_itself_is_taken_apart_once(tmp_path):
    """What other programs publish may be nonsense; it never hangs a press."""

    class Group:
        def __init__(self, *names):
            self.members = lambda: list(names)

    lamps = {"wled:a": Group("wled:b", "wled:c"), "wled:b": Group("wled:a"), "wled:c": Group()}
    settings = LampSettings(scenes={"front": {"lamps": ["wled:a"]}})
    porch = Porch(settings, lamps, Darkness(DarknessSettings()), {}, lamps.__getitem__)
    assert [lamp.name for lamp in porch.at("front")] == ["wled:b", "wled:c"]
