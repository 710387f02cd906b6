"""The light at the door: a relay or LED on a GPIO line, a lamp on the broker, or a simulated one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from devices.gpio import open_output

ANSWER_S = 0.5  # a lamp that does not say is taken for off; the visitor stands in the dark meanwhile
Shot = dict[str, Any]  # JSON: how a lamp is, in its own terms; `on` is among them
NEAR = 3.0  # of a lamp's own steps: it rounds what it is told


@dataclass(frozen=True, slots=True)
class Scene:
    """How a lamp is to shine.

    Attributes:
        brightness: In percent; None: as the lamp likes.
        color: `#rrggbb`.
        kelvin: The colour temperature, instead of a colour.
    """

    brightness: float | None = None
    color: str | None = None
    kelvin: int | None = None


class Light(Protocol):
    """Something that can be lit, and asked how it is."""

    def read(self, patience_s: float = ANSWER_S) -> Shot | None:
        """How it is; None when it does not say within that time."""

    def lit(self, scene: Scene) -> Shot:
        """How it would be when lit so; nothing is switched."""

    def put(self, shot: Shot) -> None:
        """Make it so.

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


OFF: Shot = {"on": False}


def is_as(now: Shot, left: Shot) -> bool:
    """Whether a lamp is still as we left it, as far as it says: a person may have switched or dimmed it meanwhile."""
    return all(_is_near(now[key], value) for key, value in left.items() if key in now)


def _is_near(now: Any, then: Any) -> bool:
    if isinstance(now, bool) or isinstance(then, bool):
        return bool(now) is bool(then)
    if isinstance(now, int | float) and isinstance(then, int | float):
        return abs(now - then) <= NEAR
    if isinstance(now, str) and isinstance(then, str):
        return now.casefold() == then.casefold()
    return bool(now == then)


class SimulatedLight:
    """A lamp in a file: like a real one it stays as it is while we are away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, patience_s: float = ANSWER_S) -> Shot:  # noqa: ARG002 - a file answers at once
        """See Light."""
        try:
            shot = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return OFF
        return shot if isinstance(shot, dict) else OFF

    def lit(self, scene: Scene) -> Shot:
        """See Light."""
        told = {"brightness": scene.brightness, "color": scene.color, "kelvin": scene.kelvin}
        return {"on": True} | {key: value for key, value in told.items() if value is not None}

    def put(self, shot: Shot) -> None:
        """See Light."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(shot), encoding="utf-8")

    def close(self) -> None:
        """See Light."""


class GpioLight:
    """A relay or LED on a GPIO line.

    The kernel gives the line back when the process ends, and a relay falls off; so how it was put stands in a file, and
    a new process puts it so again.

    Args:
        pin: BCM number.
        path: That file.
        active_high: Whether it is lit at 3.3 V.

    Raises:
        GpioError: the line cannot be had.
    """

    def __init__(self, pin: int, path: Path, *, active_high: bool = True) -> None:
        self._path = path
        self._line = open_output(pin, active_high=active_high)
        if self._was_on():
            self._line.on()

    def read(self, patience_s: float = ANSWER_S) -> Shot:  # noqa: ARG002 - a line answers at once
        """See Light."""
        return {"on": bool(self._line.value)}

    def lit(self, scene: Scene) -> Shot:  # noqa: ARG002 - it is on, or off
        """See Light."""
        return {"on": True}

    def put(self, shot: Shot) -> None:
        """See Light."""
        on = bool(shot["on"])
        if on != self._was_on():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("on" if on else "off", encoding="utf-8")
        self._line.value = int(on)

    def close(self) -> None:
        """See Light."""
        self._line.close()

    def _was_on(self) -> bool:
        return self._path.is_file() and self._path.read_text(encoding="utf-8") == "on"


def open_light(name: str, link: MqttLink, folder: Path) -> Light:
    """The light of this name; NAMES says how to write one.

    Raises:
        LightError: it is no light's name.
        GpioError: its line cannot be had.
    """
    from devices.light_mqtt import MANNERS  # noqa: PLC0415 - it imports from here

    manner, _, rest = name.partition(":")
    if name == "simulated":
        return SimulatedLight(folder / "simulated-light")
    if manner in MANNERS and rest:
        return MANNERS[manner](rest, link)
    if (pin := gpio_pin(name)) is not None:
        return GpioLight(pin, folder / f"gpio-{pin}", active_high=not name.endswith(":low"))
    raise LightError(fault_in_name(name))


def fault_in_name(name: str) -> str | None:
    """Why this is no lamp's name; None when it is one."""
    from devices.light_mqtt import MANNERS  # noqa: PLC0415 - likewise

    manner, _, rest = name.partition(":")
    if name == "simulated" or (manner in MANNERS and rest) or gpio_pin(name) is not None:
        return None
    return f"{name!r}: not a lamp. Write {NAMES}"


def gpio_pin(name: str) -> int | None:
    """The BCM number in `gpio:17` or `gpio:17:low`; None when it is no such name."""
    found = re.fullmatch(r"gpio:(\d{1,2})(:high|:low)?", name)
    return int(found[1]) if found else None


NAMES = (
    "simulated, gpio:17, gpio:17:low (a relay that closes on low), zigbee2mqtt:NAME, tasmota:TOPIC, wled:TOPIC, "
    "shelly:PREFIX (a switch) or shelly-light:PREFIX (a dimmer)"
)


def chosen(shot: Mapping[str, Any], keys: tuple[str, ...]) -> Shot:
    """Of what a lamp says only what can be put back."""
    return {key: shot[key] for key in keys if shot.get(key) is not None}
