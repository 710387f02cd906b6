"""Lamps on the broker are followed: what is believed of what they report, and from when on."""

import json

import pytest

from devices.lamp import OFF, LampState, open_light
from hub.plugin.house.device_link import Link
from tests.hub.fakes import FakeBroker

ON = LampState(on=True)
QUESTION = {
    "zigbee2mqtt:porch": "zigbee2mqtt/porch/get",
    "tasmota:porch": "cmnd/porch/STATE",
    "shelly:porch": "porch/rpc",
}
PRESENCE = [
    ("zigbee2mqtt:porch", "zigbee2mqtt/porch/availability", '{"state":"offline"}', "online"),
    ("zigbee2mqtt:porch", "zigbee2mqtt/bridge/state", "offline", '{"state":"online"}'),
    ("tasmota:porch", "tele/porch/LWT", "Offline", "Online"),
    ("shelly:porch", "porch/online", "false", "true"),
]


class Porch:
    """A lamp of ours, and a device of that make which does as the test says."""

    def __init__(self, name, net, folder):
        self.net, self.question, self.name = net, QUESTION[name], name
        self.bus = net.bus()
        link = Link()
        link.attach(self.bus)
        self.lamp = open_light(name, link, folder)

    def questions(self):
        return [
            load for topic, load in self.net.heard if topic == self.question and b".Set" not in load
        ]

    def answer(self, *, on, retained=False):
        """Its whole state, as the answer to the last question."""
        power = "ON" if on else "OFF"
        if self.name.startswith("shelly"):
            call = json.loads(self.questions()[-1])
            said = {"id": call["id"], "src": "porch", "result": {"switch:0": {"output": on}}}
            self.say("doorbell-light/rpc", said, retained=retained)
        elif self.name.startswith("tasmota"):
            said = {"POWER": power, "Uptime": "0T01:00:00"}
            self.say("stat/porch/RESULT", said, retained=retained)
        else:
            self.say("zigbee2mqtt/porch", {"state": power}, retained=retained)

    def change(self, *, on):
        """What it says when a person has switched it."""
        power = "ON" if on else "OFF"
        if self.name.startswith("shelly"):
            changes = {"method": "NotifyStatus", "params": {"switch:0": {"output": on}}}
            self.say("porch/events/rpc", changes)
        elif self.name.startswith("tasmota"):
            self.say("stat/porch/RESULT", {"POWER": power})
        else:
            self.say("zigbee2mqtt/porch", {"state": power})

    def say(self, topic, said, *, retained=False):
        text = said if isinstance(said, str) else json.dumps(said)
        self.net.take(topic, text.encode(), retained=retained)


@pytest.fixture(params=QUESTION)
def porch(request, tmp_path):
    """Each make of lamp that can be asked."""
    return Porch(request.param, FakeBroker(), tmp_path)


def test_a_lamp_is_asked_once_and_then_followed(porch):
    """A person who switches it is followed without a further question."""
    assert (porch.lamp.known(), len(porch.questions())) == (None, 1)
    porch.answer(on=False)
    assert porch.lamp.known() == OFF
    porch.change(on=True)
    assert (porch.lamp.known(), len(porch.questions())) == (ON, 1)


def test_a_state_that_the_broker_retained_is_not_believed(porch):
    """The lamp may have lost its power since."""
    porch.answer(on=True, retained=True)
    assert porch.lamp.known() is None


def test_a_change_alone_is_not_the_whole_state(porch):
    """A partial report counts when a whole one is known; Zigbee2MQTT's are whole."""
    porch.change(on=True)
    assert porch.lamp.known() == (ON if porch.name.startswith("zigbee") else None)


def test_after_a_reconnect_the_lamp_is_asked_anew(porch):
    """It may have been switched meanwhile."""
    porch.answer(on=True)
    porch.bus.connect()
    assert (porch.lamp.known(), len(porch.questions())) == (None, 2)
    porch.answer(on=False)
    assert porch.lamp.known() == OFF


def test_a_command_voids_what_was_reported_before_it(porch):
    """A late report of the old state does not count, and the report of the new one does."""
    porch.answer(on=False)
    porch.lamp.put(ON)
    assert porch.lamp.known() is None
    porch.change(on=False)
    assert porch.lamp.known() is None
    porch.change(on=True)
    assert porch.lamp.known() == ON
    porch.change(on=False)
    assert porch.lamp.known() == OFF


def test_a_lamp_that_is_asked_and_silent_is_unknown(porch):
    """Also when its state was known before: it may have no power now."""
    porch.answer(on=True)
    assert porch.lamp.read(0) is None
    assert porch.lamp.known() is None


@pytest.mark.parametrize(("name", "topic", "gone", "back"), PRESENCE)
def test_a_lamp_that_is_gone_is_unknown(tmp_path, name, topic, gone, back):
    """Its last will says so, retained too; when it is back it is asked."""
    porch = Porch(name, FakeBroker(), tmp_path)
    porch.answer(on=True)
    porch.say(topic, gone, retained=True)
    assert porch.lamp.known() is None
    porch.say(topic, back)
    assert (porch.lamp.known(), len(porch.questions())) == (None, 2)
    porch.answer(on=False)
    assert porch.lamp.known() == OFF


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "3", '{"state": 1}', '{"POWER": {}}'])
def test_what_is_no_state_changes_nothing(porch, text):
    """Other programs may publish anything there."""
    porch.answer(on=True)
    for topic in ("zigbee2mqtt/porch", "stat/porch/RESULT", "doorbell-light/rpc"):
        porch.say(topic, text)
    assert porch.lamp.known() == ON
