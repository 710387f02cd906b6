"""What a lamp is to us, whoever made it: how it may be, and what it can be told and asked."""

import colorsys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

ANSWER_S = (
    1.0  # a lamp that does not say is taken for off; the visitor stands in the dark meanwhile
)
BRIGHTNESS_NEAR = 4.0  # percent: a lamp rounds what it is told to its own steps
KELVIN_NEAR = 0.08  # of it: mireds are coarse, and a lamp has its limits
COLOUR_NEAR = 0.25  # of a channel's range, at full brightness: a lamp's colours are its own
WHITE = 1_000_000  # mireds are so many divided by kelvin


@dataclass(frozen=True, slots=True)
class LampState:
    """How a lamp is, or is to be. What is None is not known, or as the lamp likes.

    Attributes:
        on: Whether it is lit.
        brightness: In percent; of a lamp that is off: as it would be when lit.
        colour: `#rrggbb`, at full brightness; or an int: the colour temperature in kelvin.
    """

    on: bool
    brightness: float | None = None
    colour: str | int | None = None

    def as_json(self) -> dict[str, Any]:
        """For `LampState(**...)`."""
        return asdict(self)


OFF = LampState(on=False)


class Light(Protocol):
    """Something that can be lit, and asked how it is."""

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """How it is; None when it does not say within that time."""

    def put(self, state: LampState) -> None:
        """Make it so, as far as it can.

        Raises:
            OSError: it cannot be reached now; trying again later may help.
        """

    def close(self) -> None:
        """Let go of it, leaving it as it is."""


class MqttLink(Protocol):
    """What a lamp on the broker needs of us."""

    def publish(self, topic: str, payload: str) -> None:
        """Say it."""

    def ask(
        self,
        topic: str,
        payload: str,
        answer_topic: str,
        timeout_s: float = 2.0,
        wanted: Callable[[str], bool] = ...,
    ) -> str | None:
        """Say it and give the first answer that is wanted, or None."""

    def follow(self, topic: str, hear: Callable[[str], None]) -> None:
        """Have all that is said there given to `hear`."""


def is_as(now: LampState, left: LampState, before: LampState | None = None) -> bool:
    """Whether a lamp is still as we left it, as far as it says: a person may have switched or dimmed it meanwhile.

    Args:
        now: How it is.
        left: What it was told.
        before: How it was. A colour that is still the same only shows that the lamp cannot do ours.
    """
    dims = now.brightness is not None and left.brightness is not None
    near = not dims or abs((now.brightness or 0) - (left.brightness or 0)) <= BRIGHTNESS_NEAR
    kept = before is not None and _is_near(now.colour, before.colour)
    return (
        now.on == left.on
        and near
        and (kept or left.colour is None or _is_near(now.colour, left.colour))
    )


def _is_near(one: str | int | None, other: str | int | None) -> bool:
    if one is None or other is None:
        return True
    if isinstance(one, int) and isinstance(other, int):
        return abs(one - other) <= KELVIN_NEAR * other
    if isinstance(one, str) and isinstance(other, str):
        return all(abs(a - b) <= COLOUR_NEAR for a, b in zip(_full(one), _full(other), strict=True))
    return False


def _full(colour: str) -> tuple[float, float, float]:
    """Its channels from 0 to 1, as bright as they can be."""
    red, green, blue = (value / 255 for value in channels(colour))
    most = max(red, green, blue) or 1.0
    return red / most, green / most, blue / most


def channels(colour: str) -> list[int]:
    """Red, green and blue of `#rrggbb`, each 0 to 255."""
    return list(bytes.fromhex(colour.lstrip("#")))


def colour_of(red: float, green: float, blue: float) -> str:
    """`#rrggbb` at full brightness, of channels in any unit."""
    most = max(red, green, blue) or 1.0
    return "#" + bytes(round(max(0.0, value) / most * 255) for value in (red, green, blue)).hex()


def hue_and_saturation(colour: str) -> tuple[int, int]:
    """In degrees and percent."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*_full(colour))
    return round(hue * 360), round(saturation * 100)


def colour_of_hue(hue: float, saturation: float) -> str:
    """`#rrggbb` of degrees and percent."""
    return colour_of(*colorsys.hsv_to_rgb(hue / 360, saturation / 100, 1))


def mireds(kelvin: int) -> int:
    """In which most lamps count their colour temperature."""
    return round(WHITE / kelvin)
