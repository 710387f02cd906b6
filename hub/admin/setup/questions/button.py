"""The button: which line it is on, and whether its presses are seen."""

import importlib.util
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config import SettingsError
from config.reading import sources
from config.tables.door import ButtonSettings
from devices.button import Debouncer, PressDetector, advise, diagnose, watch_edges
from devices.gpio import GpioError
from hub.admin.setup.dialog import Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.pins import lines_used, understand_pin
from hub.admin.setup.toml_edit import Changes
from hub.mqtt.own_broker.address import with_running_broker
from hub.remote.presses import watch_presses

WANTED = 3  # presses
PATIENCE_S = 60.0
LOOK_S = 0.05
FREE_PIN = 17
MODEL = Path("/proc/device-tree/model")
STOP = (
    "To try the line itself, run `sudo systemctl stop doorbell-hub` in another terminal, then this "
    "setup again"
)


def ask_button(dialog: Dialog, draft: Draft, door: str) -> Changes:
    """Ask for a GPIO line or a simulated one; a GPIO line is tried."""
    at = ("doors", door, "button")
    known: dict[str, Any] = draft.get(*at, kind=dict, default={})
    default = known.get("driver") or ("gpio" if _is_pi() else "simulated")
    dialog.explain(
        "gpio: a button at a pin of the Raspberry Pi. simulated: no button yet; `doorbell press` "
        "rings the bell."
    )
    driver = dialog.choose("gpio or simulated", default, ("gpio", "simulated"))
    if driver == "simulated":
        return {(*at, "driver"): driver}
    dialog.explain(
        "Its pin, by BCM number: GPIO 17 is pin 11 of the header, and the button connects it to "
        "ground (pin 9). docs/wiring.md has drawings."
    )
    used = lines_used(draft, door)
    before = known.get("pin")
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
    """Show the presses that come over the line, as often as the user wants."""
    known: dict[str, Any] = draft.get("doors", door, "button", kind=dict, default={})
    try:
        wanted = ButtonSettings.model_validate({**known, "driver": "gpio", "pin": pin})
    except ValidationError:  # `doorbell check` shows the fault before anything is written
        wanted = ButtonSettings(driver="gpio", pin=pin)
    while True:
        try:
            seen = _watch_line(dialog, wanted, pin)
        except GpioError as error:
            dialog.explain(f"✗ {error}")
            _try_hub(dialog, draft, door, is_known=pin == known.get("pin"))
            return
        if seen:
            return
        belongs = f"The button belongs between GPIO {pin} and ground"
        dialog.explain(f"No press was seen. {belongs}; docs/wiring.md shows how.")
        if not dialog.agree("Try again?", default=False):
            return


def _watch_line(dialog: Dialog, wanted: ButtonSettings, pin: int) -> int:
    """Watch the line itself, and advise on what was seen; returns the number of presses.

    Raises:
        GpioError: the line cannot be opened.
    """
    limits = {"min_press_s": wanted.min_press_s, "debounce_s": wanted.debounce_s}
    presses = PressDetector(Debouncer(wanted.min_press_s, wanted.debounce_s))
    with watch_edges(pin, pull=wanted.pull, on_edge=presses.add) as began:
        _ask_for_presses(dialog)
        if presses.edges:
            hint = "Do its wires touch, or is the pull the wrong way?"
            dialog.explain(f"The line is active before any press. {hint}")
        seen = _watch(dialog, lambda: _words(presses, time.monotonic() - began, limits))
    found = diagnose(presses.edges, **limits)
    if found.glitches:
        longest = f"the longest of {found.glitch_s * 1000:.1f} ms"
        dialog.show(f"Glitches kept out: {len(found.glitches)}, {longest}")
    if found.glitches or found.bounce_s:
        for line in advise(found, **limits):
            dialog.explain(f"→ {line}")
    return seen


def _try_hub(dialog: Dialog, draft: Draft, door: str, *, is_known: bool) -> None:
    """Where the running hub has the line, show the presses that it publishes."""
    has_gpio = importlib.util.find_spec("gpiozero") is not None
    if has_gpio and is_known and _hear_hub(dialog, draft, door):
        return
    dialog.explain(f"The button was not tried. {STOP}." if has_gpio else "It was not tried.")


def _words(presses: PressDetector, now: float, limits: dict[str, Any]) -> list[str]:
    """What is shown of each new press: how long it was held, and the glitches so far."""
    held = presses.ended(now)
    if not held:
        return []
    glitches = len(diagnose(presses.edges, **limits).glitches)
    kept_out = f"; glitches kept out so far: {glitches}" if glitches else ""
    return [f", held for {press.seconds:.2f} s{kept_out}" for press in held]


def _ask_for_presses(dialog: Dialog) -> None:
    dialog.show(f"Press it now, {WANTED} times, short and long. Enter ends the test.")


def _watch(dialog: Dialog, news: Callable[[], list[str]]) -> int:
    """Show each press as it comes; returns their number."""
    seen = 0
    is_over = False
    deadline = time.monotonic() + PATIENCE_S
    while seen < WANTED and not is_over:
        is_over = dialog.pressed(LOOK_S) or time.monotonic() > deadline
        for words in news():
            seen += 1
            dialog.show(f"● press {seen}{words}")
    return seen


def _hear_hub(dialog: Dialog, draft: Draft, door: str) -> bool:
    """Show the presses of the hub, which has the line; False when no hub is running."""
    try:
        settings = with_running_broker(sources.load(draft.path))
    except SettingsError:
        return False
    with watch_presses(settings, door) as presses:
        if presses is None:
            return False
        dialog.show("The running hub uses the line, so its presses are shown.")
        _ask_for_presses(dialog)
        if not _watch(dialog, lambda: [presses.popleft() for _ in range(len(presses))]):
            hint = "Stop the hub, then `doorbell doctor button` shows what the line does"
            dialog.explain(f"The hub saw no press. {hint}.")
    return True
