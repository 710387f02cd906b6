"""The light at the door by its name: a relay or LED on a GPIO line, a lamp on the broker, or a simulated one."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from devices.lamp.gpio import GpioLight
from devices.lamp.lamp import Light, MqttLink
from devices.lamp.payload import fault_in_topic
from devices.lamp.shelly import ShellyLamp
from devices.lamp.simulated import SimulatedLight
from devices.lamp.tasmota import TasmotaLamp
from devices.lamp.wled import WledLamp
from devices.lamp.zigbee2mqtt import Zigbee2MqttLamp

MAKES: dict[str, Callable[[str, MqttLink], Light]] = {
    "zigbee2mqtt": Zigbee2MqttLamp,
    "tasmota": TasmotaLamp,
    "wled": WledLamp,
    "shelly": ShellyLamp,
    "shelly-light": partial(ShellyLamp, component="Light"),
    "shelly-cct": partial(ShellyLamp, component="CCT"),
    "shelly-rgb": partial(ShellyLamp, component="RGB"),
    "shelly-rgbw": partial(ShellyLamp, component="RGBW"),
}
NAMES = (
    "simulated, gpio:17, gpio:17:low (a relay that closes on low), zigbee2mqtt:NAME, tasmota:TOPIC, wled:TOPIC, "
    "shelly:PREFIX (a switch), or shelly-light:PREFIX (a dimmer; also -cct, -rgb and -rgbw)"
)


class LightError(ValueError):
    """There is no such light; the text says how to name one."""


def open_light(name: str, link: MqttLink, folder: Path) -> Light:
    """The light of this name; NAMES says how to write one.

    Raises:
        LightError: it is no light's name.
        GpioError: its line cannot be had.
    """
    make, _, rest = name.partition(":")
    if name == "simulated":
        return SimulatedLight(folder / "simulated-light")
    if make in MAKES and rest:
        return MAKES[make](rest, link)
    if (pin := gpio_pin(name)) is not None:
        return GpioLight(pin, folder / f"gpio-{pin}", active_high=not name.endswith(":low"))
    raise LightError(fault_in_name(name))


def fault_in_name(name: str) -> str | None:
    """Why this is no lamp's name; None when it is one."""
    make, _, rest = name.partition(":")
    if name == "simulated" or gpio_pin(name) is not None:
        return None
    if make not in MAKES or not rest:
        return f"{name!r}: not a lamp. Write {NAMES}"
    return fault_in_topic(rest)


def gpio_pin(name: str) -> int | None:
    """The BCM number in `gpio:17` or `gpio:17:low`; None when it is no such name."""
    found = re.fullmatch(r"gpio:(\d{1,2})(:high|:low)?", name)
    return int(found[1]) if found else None
