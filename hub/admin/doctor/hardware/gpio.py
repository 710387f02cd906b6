"""The doctor's look at the GPIO lines that the settings name."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from devices.gpio import GpioError, LineInfo, gpio_chips, open_input, read_line_info
from devices.machine import Finding, fault, ok, skipped
from hub.admin.doctor.context import Context
from hub.admin.doctor.hardware.closed_device import closed_device

OURS = "lg"  # what lgpio calls itself to the kernel (lgGpio.c)


def gpio(
    context: Context,
    line: Callable[..., LineInfo | None] = read_line_info,
    opened: Callable[..., Any] = open_input,
) -> Iterator[Finding]:
    """Whether each line exists, is used by us or free, and at rest."""
    wanted = list(context.settings.gpio_lines())
    if not wanted:
        yield skipped("no door, light or relay is set to a GPIO line")
        return
    chips = gpio_chips(context.root)
    if not chips:
        words = f"{wanted[0][1]} pin: there is no /dev/gpiochip* here"
        mend = 'use a Raspberry Pi whose kernel has them, or driver = "simulated"'
        yield Finding("problem", words, mend)
        return
    pulls = _pulls(context)
    for pin, where in wanted:
        title = f"GPIO {pin} of {where}"
        try:
            found = line(pin, context.root)
        except PermissionError as error:
            device = Path(error.filename or chips[0])
            yield closed_device(context, f"{device} may not be used by you", device, "gpio")
            return
        except OSError as error:
            words = f"{title}: {chips[0]} cannot be asked: {error}"
            yield Finding("problem", words, "`dmesg` may say why")
            continue
        if found is None:
            mend = "set pin to a BCM number, 0 to 27: docs/wiring.md"
            yield Finding("problem", f"{title}: there is no such line", mend)
        elif found.user or context.runs(context.hub):
            yield _used(title, found, is_running=context.runs(context.hub))
        else:
            yield _at_rest(title, pin, pulls.get(where), opened)


def _pulls(context: Context) -> dict[str, str]:
    """The pull of each button, by its table in the settings."""
    doors = context.settings.doors
    return {f"[doors.{name}.button]": door.button.pull for name, door in doors.items()}


def _used(title: str, found: LineInfo, *, is_running: bool) -> Finding:
    """A line that is used, or should be because the hub is running."""
    if found.user == OURS and is_running:
        return ok(f"{title}: on {found.chip.name} ({found.label}), used by our hub")
    if found.user:
        mend = f"`sudo lsof {found.chip}` shows the program: end it, or choose another line"
        return Finding("problem", f"{title}: taken by another program, {found.user!r}", mend)
    words = f"{title}: free, although the hub is ready: it does not look at this line"
    return Finding("problem", words, "restart the hub: it may run with older settings")


def _at_rest(title: str, pin: int, pull: str | None, opened: Callable[..., Any]) -> Finding:
    """A free line: that of a button should be at rest."""
    if pull is None:
        return ok(f"{title}: free")
    try:
        line = opened(pin, pull_up=pull == "up")
    except GpioError as error:
        return fault(f"{error}", "`doorbell check` says what is missing")
    try:
        is_pressed = line.is_active
    finally:
        line.close()
    if is_pressed:
        other = "down" if pull == "up" else "up"
        mend = f'if it is not pressed: pull = "{other}", or the wire touches (docs/wiring.md)'
        return Finding("warning", f"{title}: free, and reads as pressed", mend)
    level = "high" if pull == "up" else "low"
    return ok(f"{title}: free, and at rest ({level})")
