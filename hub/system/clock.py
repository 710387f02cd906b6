"""What time it is, and whether that can be believed: a Raspberry Pi has no clock battery, and boots in the past."""

import ctypes
import hashlib
import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd.service(8)
RELEASED = (
    1_767_225_600.0  # 2026-01-01: a clock that says less is wrong, whatever it says of itself
)
BOOT = "DOORBELL_BOOT"  # the boot's id, from systemd (%b in systemd.unit(5)): its sandboxes have no /proc/sys
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment, told in three ways.

    Attributes:
        time: By the wall clock, UTC.
        boot: 16 hex digits: 8 for the machine, 8 for this boot of it; empty when unknown.
        uptime_s: Seconds since that boot, suspended time included (CLOCK_BOOTTIME): this clock never jumps.
        synchronised: Whether the wall clock could be believed.
    """

    time: datetime
    boot: str
    uptime_s: float
    synchronised: bool


class Clock:
    """The machine's clocks.

    Attributes:
        boot: See Stamp.
    """

    def __init__(self) -> None:
        machine = _first_line("/etc/machine-id") or _first_line("/proc/sys/kernel/hostname")
        boot = os.environ.get(BOOT) or _first_line("/proc/sys/kernel/random/boot_id").replace(
            "-", ""
        )
        self.boot = _digest(machine) + _digest(boot) if machine and boot else ""

    def unix_s(self) -> float:
        """Unix time in seconds, by the wall clock."""
        return time.time()

    def uptime_s(self) -> float:
        """Seconds since the boot. What must happen in so many seconds is counted on this clock."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def is_synchronised(self) -> bool:
        """Whether the wall clock has been set by a time server since the boot, or by somebody else who vouches for it.

        The kernel knows it from whoever sets it (adjtimex(2)); where we may not ask, systemd-timesyncd leaves a mark.
        """
        return time.time() >= RELEASED and (_kernel_vouches() or TIMESYNCD_MARK.exists())

    def utc(self) -> datetime:
        """Now, by the wall clock."""
        return datetime.fromtimestamp(self.unix_s(), UTC)

    def stamp(self, at: datetime | None = None) -> Stamp:
        """This moment, or one shortly before it by the wall clock."""
        now = self.utc()
        ago_s = (now - at).total_seconds() if at else 0.0
        return Stamp(
            at or now,
            self.boot,
            max(0.0, round(self.uptime_s() - ago_s, 6)),
            self.is_synchronised(),
        )

    def planned(self, at: datetime) -> Stamp:
        """A moment that a calendar says; from before this boot only the wall clock knows it.

        What was *seen* can't lie before the boot that saw it: there the wall clock must have jumped (see `stamp`).
        """
        stamp = self.stamp(at)
        return replace(stamp, boot="", uptime_s=0.0) if stamp.uptime_s == 0 else stamp

    def age_s(self, stamp: Stamp) -> float:
        """Seconds since a moment; where that cannot be known, the least that it can be.

        Within one boot it is exact, whatever the wall clock did. Between two believable wall clocks it is their
        difference, and so it is where nobody said more than a time. What else is known: a moment of an earlier boot of
        this machine lies before this boot.
        """
        if self.boot and stamp.boot == self.boot:
            return max(0.0, self.uptime_s() - stamp.uptime_s)
        if not stamp.boot or (stamp.synchronised and self.is_synchronised()):
            return max(0.0, self.unix_s() - stamp.time.timestamp())
        return self.uptime_s() if self.boot and stamp.boot[:8] == self.boot[:8] else 0.0

    def corrected(self, stamp: Stamp) -> Stamp:
        """The moment by a wall clock that can be believed, if ours can by now and it was in this boot."""
        if (
            stamp.synchronised
            or not stamp.boot
            or stamp.boot != self.boot
            or not self.is_synchronised()
        ):
            return stamp
        return Stamp(
            self.utc() - timedelta(seconds=self.age_s(stamp)),
            stamp.boot,
            stamp.uptime_s,
            synchronised=True,
        )


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), as far as we look; the kernel fills 208 bytes."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_char * 252))


def _kernel_vouches() -> bool:
    asked = _Timex()
    state = int(_libc.adjtimex(ctypes.byref(asked)))
    return 0 <= state < TIME_ERROR


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _digest(text: str) -> str:
    """Tells machines and boots apart, and tells nobody which they are."""
    return hashlib.sha256(f"doorbell {text}".encode()).hexdigest()[:8]


SYSTEM = Clock()
