"""The state of a file system, and of the card under it: room, faults and wear."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from devices.machine.finding import Finding, duration, ok, size, skipped
from devices.machine.folder import nearest

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
LITTLE_B = 300_000_000
LEAST_B = 50_000_000
SOON_S = 7 * DAY_S
LONG_S = 730 * DAY_S  # the pace of one week does not tell more
FEW_INODES = 0.02  # of all inodes
# JEDEC JESD84-B51 (eMMC 5.1), 7.4.43 and 7.4.44: PRE_EOL_INFO, and DEVICE_LIFE_TIME_EST_TYP_A and
# _B, as the kernel gives them (Documentation/driver-api/mmc/mmc-dev-attrs.rst).
RESERVE = {2: "80 % of its spare blocks are used up", 3: "90 % of its spare blocks are used up"}
OUTLIVED = 0x0B
OLD = 0x09
READ_ONLY = (
    "`dmesg` says why: mostly a card that is worn out or lost its power. Copy it to a new one"
)
MAKE_ROOM = (
    "remove what is not needed (`sudo apt clean`; `du -xh / | sort -h | tail`), or lower keep_days "
    "of record"
)
FEWER_FILES = "remove folders with very many small files"
COPY = "copy it to a new card soon, and keep a backup of the settings and the state folder"


def space(folder: Path, *, grows_by: float = 0.0) -> Iterator[Finding]:
    """Check the room on a file system.

    Args:
        folder: A folder on it, which need not exist yet.
        grows_by: How many bytes the folder grows by each second; 0 if that is unknown.
    """
    status = os.statvfs(nearest(folder))
    if status.f_flag & os.ST_RDONLY:
        yield Finding("problem", f"{folder}: its file system can only be read", READ_ONLY)
    free = status.f_bavail * status.f_frsize
    words = f"{folder}: {size(free)} of {size(status.f_blocks * status.f_frsize)} are free"
    is_full_soon = False
    if grows_by:
        left_s = free / grows_by
        is_full_soon = left_s < SOON_S
        left = duration(left_s) if left_s < LONG_S else "years"
        words += f", enough for {left} at the pace of the last week"
    if free < LEAST_B:
        yield Finding("problem", words, MAKE_ROOM)
    elif free < LITTLE_B or is_full_soon:
        yield Finding("warning", words, MAKE_ROOM)
    else:
        yield ok(words)
    # Some file systems count no inodes.
    if status.f_files and status.f_favail < FEW_INODES * status.f_files:
        inodes = f"{status.f_favail} of {status.f_files} inodes are free"
        words = f"{folder}: {inodes}: soon no file can be made"
        yield Finding("warning" if status.f_favail else "problem", words, FEWER_FILES)


def pace(folder: Path, now_s: float) -> float:
    """How fast a folder grew in the last week, by the files that are still there.

    Args:
        folder: The folder.
        now_s: Unix time in seconds.

    Returns:
        Bytes per second.
    """
    files = [status for status in map(_stat, folder.glob("*")) if status]
    fresh = [status for status in files if now_s - status.st_mtime < WEEK_S]
    if not fresh:
        return 0.0
    since_s = max(DAY_S, *(now_s - status.st_mtime for status in fresh))
    return sum(status.st_size for status in fresh) / since_s


def wear(root: Path = Path("/")) -> Iterator[Finding]:
    """Check the wear of each card and eMMC. Most SD cards report none.

    Args:
        root: The folder that stands for `/`.
    """
    devices = sorted((root / "sys/block").glob("mmcblk?"))
    if not devices:
        yield skipped("wear: no SD card or eMMC here reports it")
    for device in devices:
        kind = _text(device / "device/type") or "card"
        name = _text(device / "device/name")
        title = f"{device.name} ({' '.join(filter(None, (kind, name)))})"
        parts = re.findall(r"0x([0-9a-fA-F]+)", _text(device / "device/life_time"))
        life = max((int(part, 16) for part in parts), default=0)
        reserve = re.fullmatch(r"0x([0-9a-fA-F]+)", _text(device / "device/pre_eol_info"))
        yield _worn(title, life, int(reserve[1], 16) if reserve else 0)


def _worn(name: str, life: int, reserve: int) -> Finding:
    """The finding about one device.

    Args:
        name: The device.
        life: The used part of its life, in tenths; 0 if it is not reported.
        reserve: The state of its spare blocks; 0 if it is not reported.
    """
    if not life and not reserve:
        return skipped(f"wear: {name} does not report it; hardly any SD card does")
    facts = []
    if life >= OUTLIVED:
        facts.append("more than it was made for used")
    elif life:
        facts.append(f"at most {life * 10} % of its life used")
    if reserve in RESERVE:
        facts.append(RESERVE[reserve])
    words = f"wear: {name}: {', '.join(facts)}"
    if life >= OUTLIVED or reserve == max(RESERVE):
        return Finding("problem", words, COPY)
    if life >= OLD or reserve in RESERVE:
        return Finding("warning", words, COPY)
    return ok(words)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # it was removed just now
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
