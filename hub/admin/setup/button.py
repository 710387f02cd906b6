"""The button: which line it is on, and whether its presses come."""

import importlib.util
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config import SettingsError, sources
from config.door import ButtonSettings
from devices.button import Debouncer, PressDetector, advise, diagnose, watch_edges
from devices.gpio import GpioError
from hub.admin.setup.dialog import Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.pins import lines_used, understand_pin
from hub.admin.setup.toml_edit import Changes
from hub.mqtt.embedded_address import with_embedded_broker
from hub.remote.presses import watch_presses

WANTED, PATIENCE_S, LOOK_S = 3, 60.0, 0.05
FREE_PIN = 17
MODEL = Path("/proc/device-tree/model")
STOP = "To try the line itself, run `sudo systemctl stop doorbell-hub` in another terminal, and this setup again"


def ask_button(dialog: Dialog, draft: Draft, door: str) -> Changes:
    """A GPIO line or a simulated one; a GPIO line is tried out."""
    at = ("doors", door, "button")
    known: dict[str, Any] = draft.get(*at, kind=dict, default={})
    default = known.get("driver") or ("gpio" if _is_pi() else "simulated")
    dialog.explain(
        "gpio: a button on a pin of the Raspberry Pi. simulated: none yet; `doorbell press` rings."
    )
    driver = dialog.choose("gpio or simulated", default, ("gpio", "simulated"))
    if driver == "simulated":
        return {(*at, "driver"): driver}
    dialog.explain(
        "Its pin, by BCM number: GPIO 17 is pin 11 of the header, and the button connects it to ground (pin 9). "
        "docs/wiring.md has drawings."
    )
    used, before = lines_used(draft, door), known.get("pin")
    pin = dialog.ask(
        "Pin", str(before or FREE_PIN), lambda typed: understand_pin(typed, used, before)
    )
    _try_line(dialog, draft, door, pin)
    return {(*at, "driver"): driver, (*at, "pin"): pin}


def _is_pi() -> bool:
    with suppress(OSError):
        return b"Raspberry Pi" in MODEL.read_bytes()
    return False


def _try_line(dialog: Dialog, draft: Draft, door: str, pin: int) -> None:
    known: dict[str, Any] = draft.get("doors", door, "button", kind=dict, default={})
    try:
        wanted = ButtonSettings.model_validate({**known, "driver": "gpio", "pin": pin})
    except ValidationError:  # `doorbell check` tells it before anything is written
        wanted = ButtonSettings(driver="gpio", pin=pin)
    limits = {"min_press_s": wanted.min_press_s, "debounce_s": wanted.debounce_s}
    while True:
        presses = PressDetector(Debouncer(wanted.min_press_s, wanted.debounce_s))
        try:
            with watch_edges(pin, pull=wanted.pull, on_edge=presses.add) as began:
                _ask_for_presses(dialog)
                if presses.edges:
                    dialog.explain(
                        "The line says pressed already. Do its wires touch, or is the pull the wrong way?"
                    )
                seen = _watch(dialog, lambda: _words(presses, time.monotonic() - began, limits))  # noqa: B023
        except GpioError as error:
            dialog.explain(f"✗ {error}")
            is_there = importlib.util.find_spec("gpiozero") is not None
            if is_there and pin == known.get("pin") and _hear_hub(dialog, draft, door):
                return
            dialog.explain(f"It was not tried. {STOP}." if is_there else "It was not tried.")
            return
        found = diagnose(presses.edges, **limits)
        if found.glitches:
            dialog.say(
                f"Glitches kept out: {len(found.glitches)}, the longest of {found.glitch_s * 1000:.1f} ms"
            )
        for line in advise(found, **limits) if found.glitches or found.bounce_s else []:
            dialog.explain(f"→ {line}")
        if seen:
            return
        dialog.explain(
            f"No press was seen. The button belongs between GPIO {pin} and ground; docs/wiring.md shows how."
        )
        if not dialog.agree("Try again?", default=False):
            return


def _words(presses: PressDetector, now: float, limits: dict[str, Any]) -> list[str]:
    held = presses.ended(now)
    glitches = len(diagnose(presses.edges, **limits).glitches) if held else 0
    kept_out = f"; glitches kept out so far: {glitches}" if glitches else ""
    return [f", held for {one.seconds:.2f} s{kept_out}" for one in held]


def _ask_for_presses(dialog: Dialog) -> None:
    dialog.say(f"Press it now, {WANTED} times, shortly and long. Enter ends the test.")


def _watch(dialog: Dialog, news: Callable[[], list[str]]) -> int:
    """Show each press as it comes; gives how many there were."""
    seen, deadline, is_over = 0, time.monotonic() + PATIENCE_S, False
    while seen < WANTED and not is_over:
        is_over = dialog.pressed(LOOK_S) or time.monotonic() > deadline
        for words in news():
            seen += 1
            dialog.say(f"● press {seen}{words}")
    return seen


def _hear_hub(dialog: Dialog, draft: Draft, door: str) -> bool:
    """What the hub, which has the line, says of it; False when there is no hub to be heard."""
    try:
        settings = with_embedded_broker(sources.load(draft.path))
    except SettingsError:
        return False
    with watch_presses(settings, door) as presses:
        if presses is None:
            return False
        dialog.say("The running hub has the line, so what it hears is shown.")
        _ask_for_presses(dialog)
        if not _watch(dialog, lambda: [presses.popleft() for _ in range(len(presses))]):
            dialog.explain(
                "No press was heard. `doorbell doctor button` looks at the line, with the hub stopped."
            )
    return True
