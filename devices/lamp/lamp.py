"""A lamp of any make: the states it can have, and how it is read and set."""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from devices.device_error import DeviceError

# A lamp that does not answer in this time is taken for off: the visitor stands in the dark.
ANSWER_S = 1.0
BRIGHTNESS_TOLERANCE = 4.0  # percent: a lamp rounds to its own steps
KELVIN_TOLERANCE = 0.08  # of the value: mireds are coarse, and a lamp has its limits
COLOUR_TOLERANCE = 0.25  # of a channel's range, at full brightness: each lamp mixes its own colours
MIREDS_PER_KELVIN = 1_000_000  # mireds = 1,000,000 / kelvin


@dataclass(frozen=True, slots=True)
class LampState:
    """The state of a lamp, or the state that it is to have.

    A value of None is unknown when the state was read, and left to the lamp when it is set.

    Attributes:
        on: Whether it is lit.
        brightness: 0 to 100 percent. For a lamp that is off: its brightness when it is lit next.
        colour: `#rrggbb` at full brightness, or the colour temperature in kelvin as an int.
        parts: How each segment of a strip is, in the strip's own terms.
    """

    on: bool
    brightness: float | None = None
    colour: str | int | None = None
    parts: list[dict[str, Any]] | None = None

    def as_json(self) -> dict[str, Any]:
        """The state as a JSON object, for `LampState(**...)`."""
        fields = {"on": self.on, "brightness": self.brightness, "colour": self.colour}
        return fields if self.parts is None else {**fields, "parts": self.parts}


OFF = LampState(on=False)


class LightError(DeviceError, ValueError):
    """The lamp's name, or the way to it, is wrong. The text says what to write."""


class LightAwayError(DeviceError, ConnectionError):
    """The lamp, or what speaks for it, does not answer now. Another attempt may succeed."""


class Light(Protocol):
    """Something that can be lit, and whose state can be read."""

    def known(self) -> LampState | None:
        """The state, if it is known without asking the lamp; None if the lamp must be asked."""

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """Read the lamp's state from the lamp itself.

        Args:
            patience_s: Seconds to wait for the answer.

        Returns:
            The state; None if the lamp does not answer in time.
        """

    def put(self, state: LampState) -> None:
        """Set the lamp's state, as far as this lamp can.

        Raises:
            OSError: The lamp cannot be reached now. Another attempt later may succeed.
        """

    def members(self) -> list[str]:
        """The names of the lamps for which this name stands: those of a group; mostly none.

        Raises:
            LightAwayError: They are not known now.
        """

    def close(self) -> None:
        """Release the lamp, and leave its state as it is."""


class MqttLink(Protocol):
    """What a lamp on the broker needs: a way to publish and to listen."""

    def publish(self, topic: str, payload: str, *, wait: bool = True) -> None:
        """Publish a message, and wait until the broker has it; never wait in a callback."""

    def follow(self, topic: str, hear: Callable[[str], None], *, retained: bool = True) -> None:
        """Call `hear` with each message on a topic from now on, with retained ones or without."""

    def on_connect(self, call: Callable[[], None]) -> None:
        """Call this now, and after each further connection to the broker."""


def is_unchanged(now: LampState, left: LampState, before: LampState | None = None) -> bool:
    """Whether a lamp still has the state that we set; if not, a person has switched or dimmed it.

    Args:
        now: The lamp's state.
        left: The state that we set.
        before: The lamp's state before that. If the colour is still the same as then, the lamp
            only could not show ours.
    """
    if now.on != left.on:
        return False
    if now.brightness is not None and left.brightness is not None:
        difference = abs(now.brightness - left.brightness)
        if difference > BRIGHTNESS_TOLERANCE:
            return False
    if now.parts is not None and left.parts is not None and now.parts != left.parts:
        return False
    if left.colour is None or _is_near(now.colour, left.colour):
        return True
    return before is not None and _is_near(now.colour, before.colour)


def _is_near(one: str | int | None, other: str | int | None) -> bool:
    """Whether two colours are the same to a lamp. An unknown colour is near to every other."""
    if one is None or other is None:
        return True
    if isinstance(one, int) and isinstance(other, int):
        return abs(one - other) <= KELVIN_TOLERANCE * other
    if isinstance(one, str) and isinstance(other, str):
        pairs = zip(_at_full_brightness(one), _at_full_brightness(other), strict=True)
        return all(abs(a - b) <= COLOUR_TOLERANCE for a, b in pairs)
    return False


def _at_full_brightness(colour: str) -> tuple[float, float, float]:
    """Red, green and blue from 0 to 1, the largest of them 1."""
    red, green, blue = (value / 255 for value in channels(colour))
    most = max(red, green, blue) or 1.0
    return red / most, green / most, blue / most


def channels(colour: str) -> list[int]:
    """Red, green and blue of `#rrggbb`, each 0 to 255."""
    return list(bytes.fromhex(colour.lstrip("#")))


def colour_of(red: float, green: float, blue: float) -> str:
    """`#rrggbb` at full brightness, from channels in any unit."""
    most = max(red, green, blue) or 1.0
    return "#" + bytes(round(max(0.0, value) / most * 255) for value in (red, green, blue)).hex()


def hue_and_saturation(colour: str) -> tuple[int, int]:
    """The hue of `#rrggbb` in degrees, and its saturation in percent."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*_at_full_brightness(colour))
    return round(hue * 360), round(saturation * 100)


def colour_of_hue(hue: float, saturation: float) -> str:
    """`#rrggbb` at full brightness, from a hue in degrees and a saturation in percent."""
    return colour_of(*colorsys.hsv_to_rgb(hue / 360, saturation / 100, 1))


def mireds(kelvin: int) -> int:
    """A colour temperature in mireds, the unit of most lamps."""
    return round(MIREDS_PER_KELVIN / kelvin)


def kelvin_of(value: float) -> int:
    """A colour temperature in kelvin, from mireds."""
    return round(MIREDS_PER_KELVIN / value)
