"""How the machine itself is: its model, its power, its heat and its memory, from what the kernel tells.

Each function takes the folder that stands for `/`, so that a made-up tree does as well.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from devices.machine.finding import Finding, ok, size, skipped

HOT_C, LIMIT_C = (
    70,
    80,
)  # from 80 °C on a Pi becomes slow by itself (Raspberry Pi documentation, "Frequency management")
LITTLE_B, LEAST_B = 60_000_000, 25_000_000
SUPPLY = "use the Raspberry Pi's own power supply, with a short cable, and put what draws much (a disk, a hub) on its own"
COOL = "give it air or a heat sink, and look what is busy (`top`)"
# `vcgencmd get_throttled`, Raspberry Pi documentation, "Useful utilities". The second of each: at any time since boot.
UNDER_VOLTAGE, CAPPED, THROTTLED, SOFT_LIMIT = ((1 << bit, 1 << (bit + 16)) for bit in range(4))
Run = Callable[[list[str]], str]


def run(command: list[str]) -> str:
    """What a program prints.

    Raises:
        OSError: it is not there.
        subprocess.SubprocessError: it fails, or hangs.
    """
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=5, stdin=subprocess.DEVNULL
    )
    return done.stdout.strip()


def model(root: Path = Path("/")) -> str:
    """`Raspberry Pi 4 Model B Rev 1.5`; empty where the firmware says nothing, which is no Pi."""
    return _text(root / "proc/device-tree/model").strip("\0")


def power(root: Path = Path("/"), program: Run = run) -> Iterator[Finding]:
    """The voltage now, and what has been since the boot."""
    if "Raspberry Pi" not in (name := model(root)):
        yield skipped(f"the voltage is told by a Raspberry Pi only, and this is {name or 'none'}")
        return
    alarms = [
        _text(path)
        for path in sorted((root / "sys/class/hwmon").glob("hwmon*/in0_lcrit_alarm"))
        if _text(path.parent / "name") == "rpi_volt"
    ]
    if "1" in alarms:
        yield Finding("problem", "under-voltage now: less than 4.63 V reach the Pi", SUPPLY)
    elif alarms:
        yield ok("no under-voltage now")
    else:
        yield skipped("the kernel tells no voltage (no hwmon named rpi_volt)")
    yield from _throttled(program)


def _throttled(program: Run) -> Iterator[Finding]:
    try:
        said = program(["vcgencmd", "get_throttled"])
    except (OSError, subprocess.SubprocessError) as error:
        yield skipped(f"what has been since the boot, vcgencmd would tell: {error}")
        return
    if not (found := re.fullmatch(r"throttled=(0x[0-9a-fA-F]+)", said)):
        yield skipped(f"what has been since the boot, vcgencmd would tell: it says {said!r}")
        return
    bits = int(found[1], 16)
    if bits & UNDER_VOLTAGE[0]:
        yield Finding("problem", f"under-voltage now ({said})", SUPPLY)
    elif bits & UNDER_VOLTAGE[1]:
        yield Finding("warning", f"there was under-voltage since the boot ({said})", SUPPLY)
    if bits & (THROTTLED[0] | CAPPED[0] | SOFT_LIMIT[0]):
        yield Finding(
            "warning",
            f"the processor is slowed down now, for its voltage or its heat ({said})",
            COOL,
        )
    elif bits & (THROTTLED[1] | CAPPED[1] | SOFT_LIMIT[1]):
        yield Finding("warning", f"the processor was slowed down since the boot ({said})", COOL)
    if not bits:
        yield ok(f"no under-voltage and no slowing down since the boot ({said})")


def temperature(root: Path = Path("/")) -> Finding:
    """Of the hottest place that the kernel knows of."""
    zones = [
        int(text) / 1000
        for path in sorted((root / "sys/class/thermal").glob("thermal_zone*/temp"))
        if re.fullmatch(r"-?\d+", text := _text(path))
    ]
    if not zones:
        return skipped("the kernel tells no temperature")
    degrees = max(zones)
    if degrees >= HOT_C:
        return Finding("problem" if degrees >= LIMIT_C else "warning", f"{degrees:.0f} °C", COOL)
    return ok(f"{degrees:.0f} °C")


def memory(root: Path = Path("/")) -> Iterator[Finding]:
    """What is left of it, and whether the kernel had to end somebody for want of it."""
    told = {
        key: int(kb) * 1024
        for key, kb in re.findall(r"(?m)^(\w+):\s+(\d+) kB$", _text(root / "proc/meminfo"))
    }
    if not {"MemTotal", "MemAvailable"} <= told.keys():
        yield skipped("the kernel tells nothing of its memory")
        return
    left = told["MemAvailable"]
    words = f"{size(left)} of {size(told['MemTotal'])} memory are free for programs"
    mend = (
        "switch off handlers that you do not need (`enabled = false`), and lower ring_mb of record"
    )
    if left < LITTLE_B:
        yield Finding("problem" if left < LEAST_B else "warning", words, mend)
    else:
        yield ok(words)
    if (killed := re.search(r"(?m)^oom_kill (\d+)$", _text(root / "proc/vmstat"))) and int(
        killed[1]
    ):
        words = f"for want of memory the kernel has ended processes since the boot ({killed[1]})"
        yield Finding("warning", words, f"`journalctl -k -g oom-kill` says which; {mend}")


def limits(root: Path = Path("/")) -> Iterator[Finding]:
    """Whether the kernel counts memory by service; on many boards Raspberry Pi OS has it not do so."""
    controllers = _text(
        root / "sys/fs/cgroup/cgroup.controllers"
    ).split()  # kernel: cgroup-v2, "Controllers"
    if controllers and "memory" not in controllers:
        yield Finding(
            "warning",
            "the kernel does not count memory by service: the units' limits (MemoryMax=) do nothing",
            "put `cgroup_enable=memory` at the end of the line in /boot/firmware/cmdline.txt, and reboot",
        )


def _text(path: Path) -> str:
    """Its content; empty when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
