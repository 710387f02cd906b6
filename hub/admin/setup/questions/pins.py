"""The GPIO lines that are free for a button or a lamp."""

import re

from devices.lamp import gpio_pin
from hub.admin.setup.draft import Draft

LAST_PIN = 27  # of the 40-pin header
TAKEN = {  # docs/wiring.md says the same
    (0, 1): "add-on boards",
    (2, 3): "I2C, with pull-ups of 1.8 kΩ",
    (7, 8, 9, 10, 11): "SPI",
    (14, 15): "the serial console",
    (18, 19, 20, 21): "sound boards",
}


def understand_pin(typed: str, used: dict[int, str], before: int | None = None) -> int:
    """The BCM number of a line that may be used.

    Args:
        typed: `17`, `GPIO17`, …
        used: The lines that are in use in this house, and by what.
        before: The present setting, which may stay whatever it is.

    Raises:
        ValueError: it is not a pin, or is taken.
    """
    found = re.fullmatch(r"(?:gpio|bcm)?\s*(\d{1,2})", typed, re.IGNORECASE)
    if found is None or int(found[1]) > LAST_PIN:
        raise ValueError(f"{typed!r}: not a GPIO pin. Write a BCM number, like 17")
    pin = int(found[1])
    if pin in used:
        raise ValueError(f"GPIO {pin} is used by {used[pin]}. Choose another")
    if pin != before and (why := next((why for pins, why in TAKEN.items() if pin in pins), None)):
        raise ValueError(
            f"GPIO {pin} is taken: {why}. Free on most Pis are 5, 6, 12, 13, 16, 17 and 22 to 27"
        )
    return pin


def lines_used(draft: Draft, door: str) -> dict[int, str]:
    """The GPIO lines (BCM numbers) in use, except for this door's button, and where each is set."""
    used: dict[int, str] = {}
    for name, one in draft.get("doors", kind=dict, default={}).items():
        button, led = one.get("button", {}), one.get("led", {})
        if name != door and button.get("driver") == "gpio":
            used[button.get("pin", -1)] = f"[doors.{name}.button]"
        used[led.get("pin", -1)] = f"[doors.{name}.led]"
    used[draft.get("chime", "relay", kind=int, default=-1)] = "[chime] relay"
    scenes = draft.get("handlers", "light", "scenes", kind=dict, default={}).values()
    lamps = [
        draft.get("handlers", "light", "lamp", default=""),
        *(n for one in scenes for n in one.get("lamps", [])),
    ]
    return used | {
        pin: "[handlers.light]" for lamp in lamps if (pin := gpio_pin(str(lamp))) is not None
    }
