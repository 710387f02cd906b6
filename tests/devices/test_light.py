"""The lights: what is said to a lamp on the broker is what its maker's manual says."""

import json

import pytest

from devices.light import GpioLight, LightError, MqttLight, SimulatedLight, open_light

QUESTIONS = {
    "zigbee2mqtt:porch": ("zigbee2mqtt/porch/get", '{"state": ""}', "zigbee2mqtt/porch"),
    "tasmota:porch": ("cmnd/porch/POWER", "", "stat/porch/POWER"),
    "wled:wled/porch": ("wled/porch/api", "", "wled/porch/g"),
}


class _Link:
    """A broker with one lamp, which answers or does not."""

    def __init__(self, answer=None):
        self.said, self.asked, self._answer = [], [], answer

    def publish(self, topic, payload):
        self.said.append((topic, payload))

    def ask(self, topic, payload, answer_topic, **_):
        self.asked.append((topic, payload, answer_topic))
        return self._answer


@pytest.mark.parametrize(
    ("name", "topic", "on", "off"),
    [
        ("zigbee2mqtt:porch", "zigbee2mqtt/porch/set", '{"state": "ON"}', '{"state": "OFF"}'),
        ("zigbee2mqtt:z2m/porch", "z2m/porch/set", '{"state": "ON"}', '{"state": "OFF"}'),
        ("tasmota:porch", "cmnd/porch/POWER", "ON", "OFF"),
        ("wled:wled/porch", "wled/porch", "ON", "OFF"),
    ],
)
def test_a_lamp_is_switched_in_its_makers_manner(tmp_path, name, topic, on, off):
    """Each switch is one message, with the topic and the payload of the maker's manual."""
    link = _Link()
    lamp = open_light(name, link, tmp_path)
    lamp.switch(on=True)
    lamp.switch(on=False)
    lamp.close()
    assert link.said == [(topic, on), (topic, off)]


@pytest.mark.parametrize(
    ("name", "answer", "is_on"),
    [
        ("zigbee2mqtt:porch", '{"state": "ON", "brightness": 254}', True),
        ("zigbee2mqtt:porch", '{"state": "OFF", "linkquality": 90}', False),
        ("zigbee2mqtt:porch", '{"linkquality": 90}', None),
        ("tasmota:porch", "ON", True),
        ("tasmota:porch", "OFF", False),
        ("tasmota:porch", '{"POWER": "ON"}', True),
        ("wled:wled/porch", "128", True),
        ("wled:wled/porch", "0", False),
        *((name, nonsense, None) for name in QUESTIONS for nonsense in (None, "", "maybe", "[]", "null")),
    ],
)
def test_a_lamps_answer_is_understood_or_nothing_is_claimed(tmp_path, name, answer, is_on):
    """It is on, off, or it did not say; a lamp that is silent or unclear is never taken to be on or off."""
    link = _Link(answer)
    assert open_light(name, link, tmp_path).read() is is_on
    assert link.asked == [QUESTIONS[name]]
    assert link.said == []


def test_a_simulated_lamp_stays_as_it_is_while_we_are_away(tmp_path):
    """Like a real one it keeps its state when the process that switched it is gone."""
    assert SimulatedLight(tmp_path / "new" / "lamp").read() is False
    SimulatedLight(tmp_path / "new" / "lamp").switch(on=True)
    assert SimulatedLight(tmp_path / "new" / "lamp").read() is True
    SimulatedLight(tmp_path / "new" / "lamp").switch(on=False)
    assert SimulatedLight(tmp_path / "new" / "lamp").read() is False


@pytest.mark.parametrize(("name", "lit"), [("gpio:17", True), ("gpio:17:high", True), ("gpio:17:low", False)])
def test_a_lamp_on_a_pin_is_off_until_it_is_switched(pins, tmp_path, name, lit):
    """A relay that closes on low gets the opposite level, and means the same."""
    lamp = open_light(name, _Link(), tmp_path)
    assert isinstance(lamp, GpioLight)
    pin = pins.pin(17)
    levels = [(lamp.read(), bool(pin.state))]
    for on in (True, False):
        lamp.switch(on=on)
        levels.append((lamp.read(), bool(pin.state)))
    lamp.close()
    assert levels == [(False, not lit), (True, lit), (False, not lit)]


@pytest.mark.parametrize(
    "name", ["", "porch", "gpio", "gpio:", "gpio:x", "gpio:17:up", "zigbee2mqtt:", "wled", "simulated:2", "GPIO:17"]
)
def test_a_name_that_is_no_lamps_is_met_with_all_that_are(tmp_path, name):
    """Who writes a wrong name reads it back, and every form that would have been right."""
    with pytest.raises(LightError) as told:
        open_light(name, _Link(), tmp_path)
    text = str(told.value)
    assert text.startswith(f"{name!r}: not a lamp. Write ")
    forms = ("simulated", "gpio:17", "gpio:17:low", "zigbee2mqtt:NAME", "tasmota:TOPIC", "wled:TOPIC")
    assert [form for form in forms if form not in text] == []


def test_a_pin_in_use_is_told_by_its_number(pins, tmp_path):
    """Two lamps on one pin are one too many."""
    first = open_light("gpio:17", _Link(), tmp_path)
    with pytest.raises(LightError, match=r"^GPIO 17 cannot be used: "):
        open_light("gpio:17", _Link(), tmp_path)
    first.close()


def test_a_broker_that_is_gone_is_an_os_error():
    """A handler tries again later, so the failure to reach the broker must come through."""

    class _Gone(_Link):
        def publish(self, *_):
            raise ConnectionError("no connection to the broker")

    with pytest.raises(OSError, match="no connection"):
        MqttLight("tasmota", "porch", _Gone()).switch(on=True)


def test_what_a_zigbee_lamp_is_told_is_json():
    """zigbee2mqtt reads the payload as JSON."""
    link = _Link()
    MqttLight("zigbee2mqtt", "zigbee2mqtt/porch", link).switch(on=True)
    assert json.loads(link.said[0][1]) == {"state": "ON"}
