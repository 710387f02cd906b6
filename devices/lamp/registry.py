"""Opens a lamp by its name in the settings."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from devices.lamp.described import NOTHING_DESCRIBED, DescribedLamps
from devices.lamp.lamp import Light, LightError, MqttLink
from devices.lamp.makes.homeassistant import HomeAssistantLamp
from devices.lamp.makes.local import GpioLight, SimulatedLight
from devices.lamp.makes.shelly import ShellyLamp
from devices.lamp.makes.tasmota import TasmotaLamp
from devices.lamp.makes.topics import TopicLamp
from devices.lamp.makes.wled import WledLamp
from devices.lamp.makes.wled_strip import WledStrip
from devices.lamp.makes.zigbee2mqtt import Zigbee2MqttLamp
from devices.lamp.names import fault_in_lamp, gpio_pin, take_apart

ON_BROKER: dict[str, Callable[[str, MqttLink, str, str], Light]] = {
    "zigbee2mqtt": Zigbee2MqttLamp,
    "tasmota": TasmotaLamp,
    "shelly": ShellyLamp,
    "shelly-light": partial(ShellyLamp, component="Light"),
    "shelly-cct": partial(ShellyLamp, component="CCT"),
    "shelly-rgb": partial(ShellyLamp, component="RGB"),
    "shelly-rgbw": partial(ShellyLamp, component="RGBW"),
}


def open_light(
    name: str, link: MqttLink, folder: Path, described: DescribedLamps = NOTHING_DESCRIBED
) -> Light:
    """Open a lamp.

    Args:
        name: One of the forms in `LAMP_NAMES`.
        link: The connection to the broker, for lamps that are there.
        folder: Where a lamp without a memory keeps its state.
        described: The tables that a name may refer to, like `LampSettings`.

    Raises:
        LightError: No lamp has this name.
        GpioError: Its GPIO line cannot be used.
    """
    if fault := fault_in_lamp(name) or described.fault_in_reference(name):
        raise LightError(fault)
    make, device, output = take_apart(name)
    if make == "mqtt":
        return TopicLamp(name, link, described.mqtt_lamps[device])
    if make == "homeassistant" and described.home_assistant:
        return HomeAssistantLamp(described.home_assistant, device)
    if make == "wled":
        return WledStrip(name, device) if "://" in device else WledLamp(link, device)
    if make in ON_BROKER:
        return ON_BROKER[make](name, link, device, output)
    pin = gpio_pin(name)
    if pin is not None:
        return GpioLight(pin, folder / f"gpio-{pin}", active_high=not name.endswith(":low"))
    return SimulatedLight(folder / "simulated-light")


@contextmanager
def open_lights(
    names: Iterable[str],
    link: MqttLink,
    folder: Path,
    described: DescribedLamps = NOTHING_DESCRIBED,
) -> Iterator[dict[str, Light]]:
    """Open several lamps, and close them at the end of the block; see `open_light`.

    Returns:
        The lamps by name.

    Raises:
        LightError: A name is no lamp's.
        GpioError: A lamp's line cannot be opened.
    """
    with ExitStack() as stack:
        lights: dict[str, Light] = {}
        for name in names:
            light = open_light(name, link, folder, described)
            lights[name] = stack.enter_context(closing(light))
        yield lights
