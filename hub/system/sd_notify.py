"""What a process reports to systemd: that it is ready, how it is, and that its loop still runs.

The protocol is sd_notify(3): a datagram of `NAME=value` lines to the socket in $NOTIFY_SOCKET.
Without one, as in `doorbell run`, nothing is sent.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from hub.system.log.visible import visible

MARGIN_S = 10.0  # more than a reaction's own deadline (hub/consumer/deadline.py), which acts first
STATUS_LENGTH = 400  # characters


class Watchdog:
    """Fed by the loop that does the work. When it is not fed, systemd restarts the process.

    How long systemd waits is WatchdogSec= of the unit.

    Attributes:
        every_s: How often it wants to be fed, in seconds; None where there is no watchdog.
    """

    def __init__(self) -> None:
        is_ours = os.environ.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        usec = os.environ.get("WATCHDOG_USEC", "") if is_ours else ""
        self._limit_s = int(usec) / 1e6 if usec.isdigit() else 0.0
        self.every_s = self._limit_s / 3 or None
        self._fed_at = 0.0

    def feed(self) -> None:
        """Report that the loop runs. It costs nothing when it was fed a moment ago."""
        now = time.monotonic()
        if self.every_s is not None and now - self._fed_at >= self.every_s / 2:
            self._fed_at = now
            notify("WATCHDOG=1")

    def extend(self, seconds: float) -> AbstractContextManager[None]:
        """Give a reaction its time: its own deadline acts first, the watchdog after a hang."""
        wanted_s = seconds + MARGIN_S
        if self.every_s is None or wanted_s <= self._limit_s - self.every_s:
            return nullcontext()
        return self._extended(wanted_s)

    @contextmanager
    def _extended(self, wanted_s: float) -> Iterator[None]:
        notify(f"WATCHDOG_USEC={wanted_s * 1e6:.0f}", "WATCHDOG=1")
        try:
            yield
        finally:
            notify(f"WATCHDOG_USEC={self._limit_s * 1e6:.0f}", "WATCHDOG=1")


def ready() -> None:
    """Report that no press is missed from now on. It does not need a broker for that."""
    notify("READY=1")


def stopping() -> None:
    """Report that the process is ending because it was told to."""
    notify("STOPPING=1")


def status(state: str, reason: str = "") -> None:
    """Report the state, in the words of the status topic: `systemctl status` shows them."""
    words = f"{state}: {reason}" if reason else state
    notify("STATUS=" + visible(" ".join(words.split()))[:STATUS_LENGTH])


def notify(*lines: str) -> None:
    """Send these lines, if systemd listens; a socket that is gone is no error."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name:
        return
    address = "\0" + name[1:] if name.startswith("@") else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.connect(address)
        sender.send("\n".join(lines).encode())
