"""The names of lamps in the settings, and what is told of a wrong one."""

import pytest
from pydantic import ValidationError

from devices.lamp import LampSettings, fault_in_lamp


@pytest.mark.parametrize(
    "name",
    [
        "zigbee2mqtt:porch",
        "zigbee2mqtt:zigbee/porch:l1",
        "tasmota:home/porch/%prefix%:2",
        "shelly-light:shellyplus-1:0",
        "wled:wled/porch",
        "wled:http://192.168.1.20:8080",
        "homeassistant:light.porch",
        "mqtt:porch",
    ],
)
def test_a_lamp_has_a_name(name):
    """Make, device, and where it has several, the output."""
    assert fault_in_lamp(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("tasmota:porch:left", "'left' is not an output. Write it like tasmota:porch:2"),
        ("tasmota:porch:0", "'0' is not an output"),
        ("shelly-light:porch:l1", "'l1' is not an output. Write it like shelly-light:porch:1"),
        ("zigbee2mqtt:porch:1st", "'1st' is not an output. Write it like zigbee2mqtt:porch:l1"),
        ("tasmota:%prefix%/%topic%", "like tasmota:home/porch/%prefix%"),
        ("tasmota:home/porch/cmnd", "like tasmota:home/porch/%prefix%"),
        ("tasmota:porch/#", "+ and # are not allowed"),
        ("wled:ftp://strip", "no address. Write it like http://192.168.1.20"),
        ("wled:http://strip:many", "no address"),
        ("homeassistant:porch", "no entity of Home Assistant. Write its id, like homeassistant:li"),
    ],
)
def test_a_wrong_name_is_told(name, fault):
    """With what to write instead."""
    assert fault in fault_in_lamp(name)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("mqtt:gate", "'mqtt:gate': its description is missing. Add a table mqtt_lamps.gate with"),
        ("homeassistant:light.gate", "add a table homeassistant with url and token"),
    ],
)
def test_a_name_needs_its_table(name, fault):
    """The topics of a described lamp, the token of Home Assistant."""
    (found,) = LampSettings(lamp=name).faults_in_lamps({})
    assert found.startswith("lamp: ")
    assert fault in found


@pytest.mark.parametrize(
    ("described", "where", "fault"),
    [
        ({}, "command_topic", "Field required"),
        ({"command_topic": "a/#"}, "command_topic", "+ and # are not allowed"),
        ({"command_topic": "a", "state_key": "on"}, "gate", "state_topic is missing"),
        (
            {"command_topic": "a", "state_topic": "b", "on": '{"turn":"on"}', "off": "{}"},
            "gate",
            "Set state_key and state_on",
        ),
        ({"command_topic": "a", "brightness_key": "bri"}, "gate", "on and off must be JSON then"),
        ({"command_topic": "a", "colour": "red"}, "colour", "Extra inputs are not permitted"),
    ],
)
def test_a_description_that_cannot_work_is_told(described, where, fault):
    """Where, what, and what to write."""
    with pytest.raises(ValidationError) as refused:
        LampSettings.model_validate({"mqtt_lamps": {"gate": described}})
    (error,) = refused.value.errors()
    assert (error["loc"][-1], fault in error["msg"]) == (where, True)


def test_a_token_is_never_shown():
    """Neither by the settings nor by a fault in them."""
    table = {"url": "homeassistant.local", "token": "s3cret"}
    with pytest.raises(ValidationError) as refused:
        LampSettings.model_validate({"homeassistant": table})
    assert "s3cret" not in str(refused.value)
    table["url"] = "http://homeassistant.local:8123"
    assert "s3cret" not in repr(LampSettings.model_validate({"homeassistant": table}))
