"""Opens a lamp by its name in the settings."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from devices.lamp import makes
from devices.lamp.described import NOTHING_DESCRIBED, DescribedLamps
from devices.lamp.lamp import Light, LightError, MqttLink
from devices.lamp.names import fault_in_lamp, gpio_pin, take_apart

SHELLY_COMPONENTS = {
    "shelly": "Switch",
    "shelly-light": "Light",
    "shelly-cct": "CCT",
    "shelly-rgb": "RGB",
    "shelly-rgbw": "RGBW",
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
    make, device, _ = take_apart(name)
    if make == "mqtt":
        return makes.TopicLamp(name, link, described.mqtt_lamps[device])
    if make == "homeassistant" and described.homeassistant:
        return makes.HomeAssistantLamp(described.homeassistant, device)
    if make == "wled" and "://" in device:
        return makes.WledStrip(name, device)
    pin = gpio_pin(name)
    if pin is not None:
        return makes.GpioLight(pin, folder / f"gpio-{pin}", active_high=not name.endswith(":low"))
    if make == "simulated":
        return makes.SimulatedLight(folder / "simulated-light")
    return _open_on_broker(name, link)


def _open_on_broker(name: str, link: MqttLink) -> Light:
    make, device, output = take_apart(name)
    if make == "zigbee2mqtt":
        return makes.Zigbee2MqttLamp(name, link, device, output)
    if make == "tasmota":
        return makes.TasmotaLamp(name, link, device, output)
    if make == "wled":
        return makes.WledLamp(link, device)
    return makes.ShellyLamp(name, link, device, output, SHELLY_COMPONENTS[make])


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
