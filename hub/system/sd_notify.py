"""What systemd hears of a process: that it is ready, how it is, and that the loop which does the work still turns.

The protocol is sd_notify(3): a datagram of `NAME=value` lines to the socket in $NOTIFY_SOCKET. Without one, as in
`doorbell run`, nothing is sent.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MARGIN_S = 10.0  # more than a reaction's own deadline allows it (hub/consumer/deadline.py): that one finds out first
STATUS_LENGTH = 400


class Watchdog:
    """Fed by the loop that does the work; when it is not, systemd ends the process (WatchdogSec=) and starts it anew.

    Attributes:
        every_s: How often it wants to be fed, in seconds; None where nobody watches.
    """

    def __init__(self) -> None:
        watched = os.environ.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        usec = os.environ.get("WATCHDOG_USEC", "") if watched else ""
        self._patience_s = int(usec) / 1e6 if usec.isdigit() else 0.0
        self.every_s = self._patience_s / 3 or None
        self._fed_at = 0.0

    def feed(self) -> None:
        """The loop turns. Costs nothing when it was fed a moment ago."""
        now = time.monotonic()
        if self.every_s is not None and now - self._fed_at >= self.every_s / 2:
            self._fed_at = now
            tell("WATCHDOG=1")

    @contextmanager
    def patient(self, seconds: float) -> Iterator[None]:
        """While a reaction runs that may take so long, its own deadline watches; the watchdog is for a hang beyond."""
        wanted_s = seconds + MARGIN_S
        if self.every_s is None or wanted_s <= self._patience_s - self.every_s:
            yield
            return
        tell(f"WATCHDOG_USEC={wanted_s * 1e6:.0f}", "WATCHDOG=1")
        try:
            yield
        finally:
            tell(f"WATCHDOG_USEC={self._patience_s * 1e6:.0f}", "WATCHDOG=1")


def ready() -> None:
    """All that it needs is open: from now on a press is not missed. A broker is not needed for that."""
    tell("READY=1")


def stopping() -> None:
    """It was told to end."""
    tell("STOPPING=1")


def status(state: str, reason: str = "") -> None:
    """How it is, in the words of its status topic: `systemctl status` shows them."""
    words = f"{state}: {reason}" if reason else state
    tell("STATUS=" + " ".join(words.split())[:STATUS_LENGTH])


def tell(*lines: str) -> None:
    """Send these lines, if anybody wants them; who is gone is told nothing."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    address = "\0" + where[1:] if where.startswith("@") else where
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker, suppress(OSError):
        speaker.connect(address)
        speaker.send("\n".join(lines).encode())
