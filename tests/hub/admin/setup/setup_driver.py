"""Runs `doorbell` with its standard input as its controlling terminal, and with simulated pins.

Each line of the file named by SETUP_PINS is an event: `press 17 0.15` holds the line for 0.15 s.
"""

import fcntl
import os
import sys
import termios
import threading
from pathlib import Path

from gpiozero import Device, DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from hub.cli import main as cli


def _drive(commands: Path, pins: MockFactory) -> None:
    held = threading.Event()
    with commands.open(encoding="ascii") as lines:
        for line in lines:
            _, pin, seconds = line.split()
            pins.pin(int(pin)).drive_low()
            held.wait(float(seconds))
            pins.pin(int(pin)).drive_high()
            held.wait(0.1)  # the contact rests


def main() -> None:
    """In place of the shell that would have started it."""
    sys.argv[0] = "doorbell"
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if commands := os.environ.get("SETUP_PINS"):
        Device.pin_factory = MockFactory()
        threading.Thread(
            target=_drive, args=(Path(commands), Device.pin_factory), daemon=True
        ).start()
    holder = (
        DigitalInputDevice(int(pin), pull_up=True)
        if (pin := os.environ.get("SETUP_HELD"))
        else None
    )
    try:
        cli.main()
    finally:
        if holder:
            holder.close()


if __name__ == "__main__":
    main()
