"""The names of lamps in the settings: make, device, and which of its outputs."""

import re
from typing import NamedTuple

from devices.lamp.payload import fault_in_address, fault_in_topic

NUMBER_FROM_1 = r"[1-9]\d?"
NUMBER_FROM_0 = r"\d{1,2}"
OUTPUTS = {  # how the outputs of a device are named, by make
    "zigbee2mqtt": r"[A-Za-z]\w*",
    "tasmota": NUMBER_FROM_1,
    "shelly": NUMBER_FROM_0,
    "shelly-light": NUMBER_FROM_0,
    "shelly-cct": NUMBER_FROM_0,
    "shelly-rgb": NUMBER_FROM_0,
    "shelly-rgbw": NUMBER_FROM_0,
}
EXAMPLES = {"zigbee2mqtt": "l1", "tasmota": "2", "shelly": "1"}
OTHERS = ("wled", "mqtt", "homeassistant")
ENTITY = re.compile(r"[a-z_]+\.[a-z0-9_]+")
LAMP_NAMES = (
    "simulated, gpio:17, gpio:17:low (a relay that closes on low), zigbee2mqtt:NAME (with several "
    "outputs NAME:l1), tasmota:TOPIC (TOPIC:2), shelly:PREFIX (a switch; PREFIX:1), "
    "shelly-light:PREFIX (a dimmer; also -cct, -rgb and -rgbw), wled:TOPIC, wled:http://ADDRESS, "
    "homeassistant:light.NAME, or mqtt:NAME (described in a table mqtt_lamps.NAME)"
)


class LampName(NamedTuple):
    """A name, taken apart.

    Attributes:
        make: Like `tasmota`.
        device: Its topic, name, prefix, address or entity.
        output: Which of its outputs; empty if the name has none.
    """

    make: str
    device: str
    output: str = ""


def take_apart(name: str) -> LampName:
    """Take a name apart. Nothing is checked."""
    make, _, rest = name.partition(":")
    device, _, output = rest.rpartition(":")
    if make in OUTPUTS and device:
        return LampName(make, device, output)
    return LampName(make, rest)


def fault_in_lamp(name: str) -> str | None:
    """Check a lamp's name without opening it.

    Returns:
        What is wrong with it, and what to write; None if it is a lamp's name.
    """
    make, device, output = take_apart(name)
    if name == "simulated" or gpio_pin(name) is not None:
        return None
    if make not in (*OUTPUTS, *OTHERS) or not device:
        return f"{name!r}: not a lamp. Write {LAMP_NAMES}"
    if output and not re.fullmatch(OUTPUTS[make], output):
        example = EXAMPLES[make.partition("-")[0]]
        return f"{name!r}: {output!r} is not an output. Write it like {make}:{device}:{example}"
    if make == "homeassistant":
        return _fault_in_entity(device)
    if make == "wled" and "://" in device:
        return fault_in_address(device)
    return _fault_in_full_topic(device) if make == "tasmota" else fault_in_topic(device)


def gpio_pin(name: str) -> int | None:
    """The BCM number in `gpio:17` or `gpio:17:low`; None if the name has another form."""
    found = re.fullmatch(r"gpio:(\d{1,2})(:high|:low)?", name)
    return int(found[1]) if found else None


def _fault_in_entity(entity: str) -> str | None:
    if ENTITY.fullmatch(entity):
        return None
    return f"{entity!r}: no entity of Home Assistant. Write its id, like homeassistant:light.porch"


def _fault_in_full_topic(topic: str) -> str | None:
    """Tasmota's FullTopic is written with the device's topic in place of `%topic%`."""
    if {"%topic%", "cmnd", "stat", "tele"} & set(topic.split("/")):
        return (
            f"{topic!r}: write the device's FullTopic with its topic filled in, and %prefix% as it "
            "is, like tasmota:home/porch/%prefix%"
        )
    return fault_in_topic(topic)
