"""The time, and whether to trust it: a Raspberry Pi has no clock battery and boots in the past."""

import ctypes
import hashlib
import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd.service(8)
BELIEVED_S = 1.0  # how long an answer about the clock holds: each takes a system call or two
UNSET_S = 600.0  # after that an unset clock may be right: there may be no time server
RELEASED = 1_767_225_600.0  # 2026-01-01: an earlier time is wrong, whatever vouches for it
# The boot's id from systemd (%b in systemd.unit(5)), whose sandboxes have no /proc/sys.
BOOT = "DOORBELL_BOOT"
# Of a Raspberry Pi: cards that were cloned carry one machine id. systemd's sandboxes show it.
SERIAL = "sys/firmware/devicetree/base/serial-number"
# Two clocks differ by less: up to 16 s each the kernel calls one synchronised (NTP_PHASE_LIMIT).
APART_S = 32.0
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment, in three ways.

    Attributes:
        time: By the wall clock, UTC.
        boot: 16 hex digits: 8 for the machine, 8 for this boot of it; empty where its speaker does
            not say.
        uptime_s: Seconds since that boot, suspended time included (CLOCK_BOOTTIME). This clock
            never jumps.
        synchronised: Whether the wall clock could be trusted.
    """

    time: datetime
    boot: str
    uptime_s: float
    synchronised: bool


class Clock:
    """The machine's clocks.

    Attributes:
        machine: 8 hex digits; empty where nothing tells this machine from others.
        boot: See Stamp. Where it cannot be read, each start of the program has one, as if it was
            on a machine of its own: nothing is then taken for seen by this machine before.
        knows_boot: Whether it could be read, so that all processes of this machine have the same.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        """Read which machine and which boot of it this is.

        Args:
            root: Where the files of the system are.
        """
        machine = _machine(root)
        boot_id = _first_line(root / "proc/sys/kernel/random/boot_id").replace("-", "")
        boot = os.environ.get(BOOT) or boot_id
        self.machine = _digest(machine) if machine else ""
        self.knows_boot = bool(machine and boot)
        self.boot = self.machine + _digest(boot) if self.knows_boot else os.urandom(8).hex()
        self._is_vouched = False
        self._ask_again_at = 0.0

    def unix_s(self) -> float:
        """Unix time in seconds, by the wall clock."""
        return time.time()

    def uptime_s(self) -> float:
        """Seconds since the boot. Delays are measured on this clock."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def is_synchronised(self) -> bool:
        """Whether a time server, or another trusted source, has set the wall clock since the boot.

        The kernel knows it from the program that set it (adjtimex(2)); where the kernel may not be
        asked, systemd-timesyncd leaves a mark.
        """
        now = time.monotonic()
        if now >= self._ask_again_at:
            self._is_vouched = _kernel_vouches() or TIMESYNCD_MARK.exists()
            self._ask_again_at = now + BELIEVED_S
        return self._is_vouched and time.time() >= RELEASED

    def may_be_right(self) -> bool:
        """Whether the wall clock may say what is due: it was set, or no time server sets it."""
        is_plausible = self.uptime_s() > UNSET_S and self.unix_s() >= RELEASED
        return self.is_synchronised() or is_plausible

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
        """A moment from a calendar; one before this boot is known by the wall clock only.

        What was *seen* cannot be older than the boot that saw it: there the wall clock must have
        jumped (see `stamp`).
        """
        stamp = self.stamp(at)
        if stamp.uptime_s == 0:
            return replace(stamp, boot="", uptime_s=0.0)
        return stamp

    def age_s(self, stamp: Stamp) -> float:
        """Seconds since a moment; where that cannot be known, the least that it can be.

        Within one boot it is exact, whatever the wall clock did. Between two trusted wall clocks it
        is their difference; so it is where the stamp has a time and nothing else. Of an untrusted
        time in an earlier boot of this machine one thing is known: it is before this boot.
        """
        if self._is_of_this_boot(stamp):
            return max(0.0, self.uptime_s() - stamp.uptime_s)
        if self._is_comparable(stamp):
            return max(0.0, self.unix_s() - stamp.time.timestamp())
        return self.uptime_s() if self._is_of_this_machine(stamp) else 0.0

    def is_before_boot(self, stamp: Stamp) -> bool | None:
        """Whether a moment was before this boot of this machine; None where that is unknown.

        Two machines may have one id. So another boot of this machine is an earlier one, unless two
        trusted clocks say clearly that the moment was since this boot.
        """
        if self._is_of_this_boot(stamp):
            return False
        is_of_this_machine = self._is_of_this_machine(stamp)
        if not self._is_comparable(stamp):
            return True if is_of_this_machine else None
        uptime_s = self.uptime_s()
        after_boot_s = stamp.time.timestamp() - (self.unix_s() - uptime_s)
        if is_of_this_machine:
            return not APART_S < after_boot_s < uptime_s + APART_S
        return after_boot_s < 0

    def corrected(self, stamp: Stamp) -> Stamp:
        """The same moment by a trusted clock, if it was in this boot and ours is trusted now."""
        is_right = stamp.synchronised or not self._is_of_this_boot(stamp)
        if is_right or not self.is_synchronised():
            return stamp
        return Stamp(
            self.utc() - timedelta(seconds=self.age_s(stamp)),
            stamp.boot,
            stamp.uptime_s,
            synchronised=True,
        )

    def _is_of_this_boot(self, stamp: Stamp) -> bool:
        return is_same_boot(stamp.boot, self.boot)

    def _is_of_this_machine(self, stamp: Stamp) -> bool:
        return stamp.boot[:8] == self.boot[:8]

    def _is_comparable(self, stamp: Stamp) -> bool:
        """Whether its time and that of our clock may be compared."""
        return not stamp.boot or (stamp.synchronised and self.is_synchronised())


def is_same_boot(one: str, other: str) -> bool:
    """Whether two stamps name one boot.

    The boot's half is random, and enough: it stays if a new version names the machine anew.
    """
    return bool(one) and one[8:] == other[8:]


def rfc3339(moment: datetime, timespec: str) -> str:
    """A moment as text in UTC, like `2026-11-23T17:04:05Z`.

    Args:
        moment: With a zone.
        timespec: How exact; see `datetime.isoformat`.
    """
    return moment.astimezone(UTC).isoformat("T", timespec).removesuffix("+00:00") + "Z"


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), as far as we look; the kernel fills 208 bytes."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_char * 252))


def _kernel_vouches() -> bool:
    asked = _Timex()
    state = int(_libc.adjtimex(ctypes.byref(asked)))
    return 0 <= state < TIME_ERROR


def _machine(root: Path) -> str:
    """What tells this machine from others; empty where nothing does.

    A MAC address would not do: it may be random, come late, or be hidden in a sandbox.
    """
    name = _first_line(root / "etc/machine-id") or _first_line(root / "proc/sys/kernel/hostname")
    return f"{name} {_first_line(root / SERIAL)}".strip()


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip("\0\n ")
    except (OSError, ValueError):
        return ""


def _digest(text: str) -> str:
    """Distinguishes machines and boots without revealing their ids."""
    return hashlib.sha256(f"doorbell {text}".encode()).hexdigest()[:8]


SYSTEM = Clock()
