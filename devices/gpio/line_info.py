"""A GPIO line as the kernel sees it: whether it exists, and which program uses it.

The questions are ioctls of the GPIO character device (linux/gpio.h, ABI v2, Linux 5.10 and later).
They do not claim the line. lgpio asks them, too, but starts a thread and makes a pipe in the
working folder as soon as it is imported.
"""

import fcntl
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

CHIP_INFO = 0x8044B401  # GPIO_GET_CHIPINFO_IOCTL
LINE_INFO = 0xC100B405  # GPIO_V2_GET_LINEINFO_IOCTL
CHIP = struct.Struct("32s32sI")  # struct gpiochip_info: name, label, lines
# struct gpio_v2_line_info: name, consumer, offset, num_attrs, flags, and what we do not need
LINE = struct.Struct("32s32sIIQ176x")
USED = 1 << 0  # GPIO_V2_LINE_FLAG_USED
HEADER = "pinctrl-"  # the chip of the header: pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1
Ioctl = Callable[[int, int, bytearray], int]
Answer = TypeVar("Answer")


class LineInfo(NamedTuple):
    """What the kernel knows of a line.

    Attributes:
        chip: The chip's device, like `/dev/gpiochip0`.
        label: The chip's name.
        name: The board's name for the line, like `GPIO17`.
        user: The program that uses it; empty if it is free. lgpio (and so we) is called `lg`.
    """

    chip: Path
    label: str
    name: str
    user: str


def gpio_chips(root: Path = Path("/")) -> list[Path]:
    """The devices of all GPIO chips, in the order of their numbers.

    Args:
        root: The folder that stands for `/`.
    """
    devices = (root / "dev").glob("gpiochip*")
    found = [path for path in devices if re.fullmatch(r"gpiochip\d+", path.name)]
    return sorted(found, key=lambda path: int(path.name.removeprefix("gpiochip")))


def read_line_info(pin: int, root: Path = Path("/"), ioctl: Ioctl = fcntl.ioctl) -> LineInfo | None:
    """Ask the kernel for a line of the header.

    Args:
        pin: The BCM number of the line.
        root: The folder that stands for `/`.
        ioctl: Asks the kernel.

    Returns:
        What the kernel knows; None if there is no line of this number.

    Raises:
        OSError: The chip cannot be opened or asked; a PermissionError if we may not.
    """
    chips: dict[Path, tuple[str, int]] = {
        path: _ask(path, lambda device: _chip(device, ioctl)) for path in gpio_chips(root)
    }
    header = _header_of(chips)
    if header is None:
        return None
    label, lines = chips[header]
    if pin >= lines:
        return None
    name, user, flags = _ask(header, lambda device: _line(device, pin, ioctl))
    user = (user or "another program") if flags & USED else ""
    return LineInfo(header, label, name, user)


def _header_of(chips: dict[Path, tuple[str, int]]) -> Path | None:
    """The chip of the header's pins; the first chip on other boards."""
    for path, (label, _) in chips.items():
        if label.startswith(HEADER):
            return path
    return next(iter(chips), None)


def _ask(path: Path, question: Callable[[int], Answer]) -> Answer:
    device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return question(device)
    finally:
        os.close(device)


def _chip(device: int, ioctl: Ioctl) -> tuple[str, int]:
    answer = bytearray(CHIP.size)
    ioctl(device, CHIP_INFO, answer)
    _, label, lines = CHIP.unpack(answer)
    return _text(label), lines


def _line(device: int, pin: int, ioctl: Ioctl) -> tuple[str, str, int]:
    answer = bytearray(LINE.pack(b"", b"", pin, 0, 0))
    ioctl(device, LINE_INFO, answer)
    name, user, _, _, flags = LINE.unpack(answer)
    return _text(name), _text(user), flags


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")
