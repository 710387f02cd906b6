"""Opens a lamp by its name in the settings."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from devices.lamp.lamp import Light, MqttLink
from devices.lamp.makes.local import GpioLight, SimulatedLight
from devices.lamp.makes.shelly import ShellyLamp
from devices.lamp.makes.tasmota import TasmotaLamp
from devices.lamp.makes.wled import WledLamp
from devices.lamp.makes.zigbee2mqtt import Zigbee2MqttLamp
from devices.lamp.payload import fault_in_topic

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
LAMP_NAMES = (
    "simulated, gpio:17, gpio:17:low (a relay that closes on low), zigbee2mqtt:NAME, "
    "tasmota:TOPIC, wled:TOPIC, shelly:PREFIX (a switch), or shelly-light:PREFIX (a dimmer; also "
    "-cct, -rgb and -rgbw)"
)


class LightError(ValueError):
    """No lamp has this name. The text says which names there are."""


def open_light(name: str, link: MqttLink, folder: Path) -> Light:
    """Open a lamp.

    Args:
        name: One of the forms in `LAMP_NAMES`.
        link: The connection to the broker, for lamps that are there.
        folder: Where a lamp without a memory keeps its state.

    Raises:
        LightError: No lamp has this name.
        GpioError: Its GPIO line cannot be used.
    """
    make, _, rest = name.partition(":")
    if name == "simulated":
        return SimulatedLight(folder / "simulated-light")
    if make in MAKES and rest:
        return MAKES[make](rest, link)
    pin = gpio_pin(name)
    if pin is not None:
        return GpioLight(pin, folder / f"gpio-{pin}", active_high=not name.endswith(":low"))
    raise LightError(fault_in_lamp(name))


@contextmanager
def open_lights(names: Iterable[str], link: MqttLink, folder: Path) -> Iterator[dict[str, Light]]:
    """Open several lamps, and close them at the end of the block.

    Returns:
        The lamps by name.

    Raises:
        LightError: A name is no lamp's.
        GpioError: A lamp's line cannot be opened.
    """
    with ExitStack() as stack:
        lights: dict[str, Light] = {}
        for name in names:
            lights[name] = stack.enter_context(closing(open_light(name, link, folder)))
        yield lights


def fault_in_lamp(name: str) -> str | None:
    """Check a lamp's name without opening it.

    Returns:
        What is wrong with it; None if it is a lamp's name.
    """
    make, _, rest = name.partition(":")
    if name == "simulated" or gpio_pin(name) is not None:
        return None
    if make not in MAKES or not rest:
        return f"{name!r}: not a lamp. Write {LAMP_NAMES}"
    return fault_in_topic(rest)


def gpio_pin(name: str) -> int | None:
    """The BCM number in `gpio:17` or `gpio:17:low`; None if the name has another form."""
    found = re.fullmatch(r"gpio:(\d{1,2})(:high|:low)?", name)
    return int(found[1]) if found else None
