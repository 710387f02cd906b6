"""The state of the machine, from what the kernel reports: model, power, temperature and memory.

Each function takes the folder that stands for `/`, so that tests can make one up.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from devices.machine.finding import Condition, Finding, ok, size, skipped

# From 80 °C on a Pi slows down by itself (Raspberry Pi documentation, "Frequency management").
HOT_C = 70
LIMIT_C = 80
LITTLE_B = 60_000_000
LEAST_B = 25_000_000
SUPPLY = (
    "use the Raspberry Pi's own power supply, with a short cable, and give devices that draw much "
    "(a disk, a hub) a supply of their own"
)
COOL = "give it air or a heat sink, and look what is busy (`top`)"
FEWER_PROCESSES = (
    "switch off handlers that you do not need (`enabled = false`), and lower ring_mb of record"
)
# `vcgencmd get_throttled` (Raspberry Pi documentation, "Useful utilities"): each bit says how it
# is now, and the bit 16 places above it whether it was so at any time since the boot.
SINCE_BOOT = 16
UNDER_VOLTAGE = 1 << 0
CAPPED = 1 << 1
THROTTLED = 1 << 2
SOFT_LIMIT = 1 << 3
SLOW = CAPPED | THROTTLED | SOFT_LIMIT
Run = Callable[[list[str]], str]


def run(command: list[str]) -> str:
    """Run a program.

    Returns:
        What it prints.

    Raises:
        OSError: It is not installed.
        subprocess.SubprocessError: It failed, or took longer than 5 seconds.
    """
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=5, stdin=subprocess.DEVNULL
    )
    return done.stdout.strip()


def model(root: Path = Path("/")) -> str:
    """The model, like `Raspberry Pi 4 Model B Rev 1.5`; empty if the firmware names none."""
    return _text(root / "proc/device-tree/model").strip("\0")


def power(root: Path = Path("/"), program: Run = run) -> Iterator[Finding]:
    """Check the voltage now and since the boot.

    Args:
        root: The folder that stands for `/`.
        program: Runs vcgencmd.
    """
    name = model(root)
    if "Raspberry Pi" not in name:
        yield skipped(f"only a Raspberry Pi reports its voltage, and this is {name or 'not one'}")
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
        yield skipped("the kernel reports no voltage (no hwmon named rpi_volt)")
    yield from _throttled(program)


def _throttled(program: Run) -> Iterator[Finding]:
    try:
        answer = program(["vcgencmd", "get_throttled"])
    except (OSError, subprocess.SubprocessError) as error:
        yield skipped(f"vcgencmd, which knows what happened since the boot, fails: {error}")
        return
    found = re.fullmatch(r"throttled=(0x[0-9a-fA-F]+)", answer)
    if not found:
        yield skipped(f"vcgencmd, which knows what happened since the boot, says {answer!r}")
        return
    bits = int(found[1], 16)
    if bits & UNDER_VOLTAGE:
        yield Finding("problem", f"under-voltage now ({answer})", SUPPLY)
    elif bits & UNDER_VOLTAGE << SINCE_BOOT:
        yield Finding("warning", f"there was under-voltage since the boot ({answer})", SUPPLY)
    if bits & SLOW:
        words = f"the processor is slowed down now, for its voltage or its heat ({answer})"
        yield Finding("warning", words, COOL)
    elif bits & SLOW << SINCE_BOOT:
        yield Finding("warning", f"the processor was slowed down since the boot ({answer})", COOL)
    if not bits:
        yield ok(f"no under-voltage and no slowing down since the boot ({answer})")


def temperature(root: Path = Path("/")) -> Finding:
    """Check the temperature of the hottest sensor."""
    readings = [
        _text(path) for path in sorted((root / "sys/class/thermal").glob("thermal_zone*/temp"))
    ]
    degrees = [int(reading) / 1000 for reading in readings if re.fullmatch(r"-?\d+", reading)]
    if not degrees:
        return skipped("the kernel reports no temperature")
    hottest = max(degrees)
    if hottest < HOT_C:
        return ok(f"{hottest:.0f} °C")
    state: Condition = "problem" if hottest >= LIMIT_C else "warning"
    return Finding(state, f"{hottest:.0f} °C", COOL)


def memory(root: Path = Path("/")) -> Iterator[Finding]:
    """Check the free memory, and whether the kernel had to kill processes for lack of it."""
    lines = re.findall(r"(?m)^(\w+):\s+(\d+) kB$", _text(root / "proc/meminfo"))
    sizes = {key: int(kb) * 1024 for key, kb in lines}
    if not {"MemTotal", "MemAvailable"} <= sizes.keys():
        yield skipped("the kernel reports no memory")
        return
    left = sizes["MemAvailable"]
    words = f"{size(left)} of {size(sizes['MemTotal'])} memory are free for programs"
    if left < LEAST_B:
        yield Finding("problem", words, FEWER_PROCESSES)
    elif left < LITTLE_B:
        yield Finding("warning", words, FEWER_PROCESSES)
    else:
        yield ok(words)
    killed = re.search(r"(?m)^oom_kill (\d+)$", _text(root / "proc/vmstat"))
    if killed and int(killed[1]):
        words = f"for lack of memory the kernel has killed processes since the boot ({killed[1]})"
        mend = f"`journalctl -k -g oom-kill` says which; {FEWER_PROCESSES}"
        yield Finding("warning", words, mend)


def limits(root: Path = Path("/")) -> Iterator[Finding]:
    """Check that the kernel counts memory by service, which Raspberry Pi OS often switches off."""
    # Linux, Documentation/admin-guide/cgroup-v2.rst, "Controllers".
    controllers = _text(root / "sys/fs/cgroup/cgroup.controllers").split()
    if controllers and "memory" not in controllers:
        yield Finding(
            "warning",
            "the kernel does not count memory by service: the units' limits (MemoryMax=) have no "
            "effect",
            "put `cgroup_enable=memory` at the end of the line in /boot/firmware/cmdline.txt, and "
            "reboot",
        )


def _text(path: Path) -> str:
    """The content of a file; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
