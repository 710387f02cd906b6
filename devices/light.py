"""The light at the door: a relay or LED on a GPIO line, a lamp on the broker, or a simulated one."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

ANSWER_S = 0.5  # a lamp that does not say is taken for off; the visitor stands in the dark meanwhile


class Light(Protocol):
    """Something that can be switched on."""

    def read(self, patience_s: float = ANSWER_S) -> bool | None:
        """Whether it is on; None when it does not say within that time."""

    def switch(self, *, on: bool) -> None:
        """Switch it.

        Raises:
            OSError: it cannot be reached now; trying again later may help.
        """

    def close(self) -> None:
        """Let go of it, leaving it as it is."""


class MqttLink(Protocol):
    """What a lamp on the broker needs of us."""

    def publish(self, topic: str, payload: str) -> None:
        """Say it."""

    def ask(self, topic: str, payload: str, answer_topic: str, timeout_s: float = 2.0) -> str | None:
        """Say it and give the first answer, or None."""


class LightError(ValueError):
    """There is no such light; the text says how to name one."""


class SimulatedLight:
    """A lamp in a file: like a real one it stays as it is while we are away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, patience_s: float = ANSWER_S) -> bool:  # noqa: ARG002 - a file answers at once
        """See Light."""
        return self._path.is_file() and self._path.read_text(encoding="utf-8") == "on"

    def switch(self, *, on: bool) -> None:
        """See Light."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("on" if on else "off", encoding="utf-8")

    def close(self) -> None:
        """See Light."""


class GpioLight:
    """A relay or LED on a GPIO line. The kernel gives the line back when the process ends: a relay then falls off.

    Raises:
        LightError: the line cannot be had.
    """

    def __init__(self, pin: int, *, active_high: bool = True) -> None:
        try:
            from gpiozero import DigitalOutputDevice, GPIOZeroError  # noqa: PLC0415 - hardware only where it is used
        except ImportError as error:
            raise LightError(f"GPIO {pin}: {error}. Install doorbell-hub[pi]") from error
        try:
            self._line: Any = DigitalOutputDevice(pin, active_high=active_high, initial_value=False)
        except (GPIOZeroError, OSError, RuntimeError, ImportError) as error:
            raise LightError(f"GPIO {pin} cannot be used: {error}") from error

    def read(self, patience_s: float = ANSWER_S) -> bool:  # noqa: ARG002 - a line answers at once
        """See Light."""
        return bool(self._line.value)

    def switch(self, *, on: bool) -> None:
        """See Light."""
        self._line.value = int(on)

    def close(self) -> None:
        """See Light."""
        self._line.close()


class MqttLight:
    """A lamp that listens on the broker, in one of the usual manners."""

    def __init__(self, manner: str, topic: str, link: MqttLink) -> None:
        self._manner, self._topic, self._link = manner, topic, link

    def read(self, patience_s: float = ANSWER_S) -> bool | None:
        """See Light."""
        answer = self._ask(patience_s)
        return None if answer is None else _is_on(answer)

    def switch(self, *, on: bool) -> None:
        """See Light."""
        match self._manner:
            case "zigbee2mqtt":  # https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html
                self._link.publish(f"{self._topic}/set", json.dumps({"state": "ON" if on else "OFF"}))
            case "tasmota":  # https://tasmota.github.io/docs/Commands/#control
                self._link.publish(f"cmnd/{self._topic}/POWER", "ON" if on else "OFF")
            case _:  # https://kno.wled.ge/interfaces/mqtt/
                self._link.publish(self._topic, "ON" if on else "OFF")

    def close(self) -> None:
        """See Light."""

    def _ask(self, timeout_s: float) -> str | None:
        match self._manner:
            case "zigbee2mqtt":
                return self._link.ask(f"{self._topic}/get", json.dumps({"state": ""}), self._topic, timeout_s=timeout_s)
            case "tasmota":
                return self._link.ask(f"cmnd/{self._topic}/POWER", "", f"stat/{self._topic}/POWER", timeout_s=timeout_s)
            case _:  # WLED keeps its brightness (0 to 255) retained there
                return self._link.ask(f"{self._topic}/api", "", f"{self._topic}/g", timeout_s=timeout_s)


MANNERS = ("zigbee2mqtt", "tasmota", "wled")


def open_light(name: str, link: MqttLink, folder: Path) -> Light:
    """The light of this name; LIGHT_NAMES says how to write one.

    Raises:
        LightError: it is no light's name, or its line cannot be had.
    """
    manner, _, rest = name.partition(":")
    if name == "simulated":
        return SimulatedLight(folder / "simulated-light")
    if manner in MANNERS and rest:
        return MqttLight(manner, rest if manner != "zigbee2mqtt" or "/" in rest else f"zigbee2mqtt/{rest}", link)
    if (pin := gpio_pin(name)) is not None:
        return GpioLight(pin, active_high=not name.endswith(":low"))
    raise LightError(fault_in_name(name))


def fault_in_name(name: str) -> str | None:
    """Why this is no lamp's name; None when it is one."""
    manner, _, rest = name.partition(":")
    if name == "simulated" or (manner in MANNERS and rest) or gpio_pin(name) is not None:
        return None
    return f"{name!r}: not a lamp. Write {LIGHT_NAMES}"


def gpio_pin(name: str) -> int | None:
    """The BCM number in `gpio:17` or `gpio:17:low`; None when it is no such name."""
    found = re.fullmatch(r"gpio:(\d{1,2})(:high|:low)?", name)
    return int(found[1]) if found else None


LIGHT_NAMES = (
    "simulated, gpio:17, gpio:17:low (a relay that closes on low), zigbee2mqtt:NAME, tasmota:TOPIC or wled:TOPIC"
)


def _is_on(answer: str) -> bool | None:
    """Reads `ON`, `off`, `1`, a brightness, or JSON with a `state`."""
    try:
        value = json.loads(answer)
    except ValueError:
        value = answer
    if isinstance(value, Mapping):
        value = value.get("state", value.get("POWER"))
    if isinstance(value, str):
        return {"ON": True, "OFF": False}.get(value.upper())
    return bool(value) if isinstance(value, int | float) else None
