"""A GPIO line as the kernel sees it: whether it is there, and who has it. Asking takes the line from nobody.

The questions are ioctls of the GPIO character device (linux/gpio.h, ABI v2, Linux 5.10 and later). lgpio asks them,
too, but begins a thread and makes a pipe in the working folder as soon as it is imported.
"""

import fcntl
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

CHIP_INFO, LINE_INFO = 0x8044B401, 0xC100B405  # GPIO_GET_CHIPINFO_IOCTL, GPIO_V2_GET_LINEINFO_IOCTL
CHIP = struct.Struct("32s32sI")  # struct gpiochip_info: name, label, lines
LINE = struct.Struct(
    "32s32sIIQ176x"
)  # struct gpio_v2_line_info: name, consumer, offset, num_attrs, flags; the rest
USED, OUTPUT = 1 << 0, 1 << 3  # GPIO_V2_LINE_FLAG_USED, _OUTPUT
HEADER = "pinctrl-"  # the chip of the header's pins: pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1
Ioctl = Callable[[int, int, bytearray], int]
Answer = TypeVar("Answer")


class Line(NamedTuple):
    """What the kernel knows of a line.

    Attributes:
        chip: Its device, like `/dev/gpiochip0`.
        label: What the chip is.
        name: What the board calls the line, like `GPIO17`.
        user: Who has it; empty when it is free. What lgpio (and so we) has is called `lg`.
    """

    chip: Path
    label: str
    name: str
    user: str
    is_output: bool


def chips(root: Path = Path("/")) -> list[Path]:
    """The devices of all GPIO chips, in the order of their numbers."""
    found = [
        path for path in (root / "dev").glob("gpiochip*") if re.fullmatch(r"gpiochip\d+", path.name)
    ]
    return sorted(found, key=lambda path: int(path.name.removeprefix("gpiochip")))


def line(pin: int, root: Path = Path("/"), ioctl: Ioctl = fcntl.ioctl) -> Line | None:
    """A line of the header by its BCM number; None when there is none of this number.

    Raises:
        OSError: the chip cannot be opened or asked; a PermissionError when we may not.
    """
    asked: dict[Path, tuple[str, int]] = {
        path: _ask(path, lambda fd: _chip(fd, ioctl)) for path in chips(root)
    }
    header = next(
        (path for path, (label, _) in asked.items() if label.startswith(HEADER)),
        next(iter(asked), None),
    )
    if header is None or pin >= asked[header][1]:
        return None
    name, user, flags = _ask(header, lambda fd: _line(fd, pin, ioctl))
    held = (user or "somebody") if flags & USED else ""
    return Line(header, asked[header][0], name, held, bool(flags & OUTPUT))


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
    return _words(label), lines


def _line(device: int, pin: int, ioctl: Ioctl) -> tuple[str, str, int]:
    answer = bytearray(LINE.pack(b"", b"", pin, 0, 0))
    ioctl(device, LINE_INFO, answer)
    name, user, _, _, flags = LINE.unpack(answer)
    return _words(name), _words(user), flags


def _words(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")
