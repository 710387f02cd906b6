"""How a file system and the card under it are: room, whether it can be written, and wear, where the kernel knows."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from devices.machine.finding import Finding, duration, ok, size, skipped
from devices.machine.folder import nearest

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
LITTLE_B, LEAST_B = 300_000_000, 50_000_000
SOON_S = 7 * DAY_S
FEW_NODES = 0.02  # of all inodes
# JEDEC JESD84-B51 (eMMC 5.1), 7.4.43 and 7.4.44: PRE_EOL_INFO and DEVICE_LIFE_TIME_EST_TYP_A and _B, as the kernel
# gives them (Documentation/driver-api/mmc/mmc-dev-attrs.rst).
RESERVE = {2: "80 % of its spare blocks are used up", 3: "90 % of its spare blocks are used up"}
OUTLIVED, OLD = 0x0B, 0x09
COPY = "copy it to a new card soon, and keep a backup of the settings and the state folder"


def space(folder: Path, *, grows_by: float = 0.0) -> Iterator[Finding]:
    """Room where a folder lies, or will lie once it is made.

    Args:
        folder: On the file system in question.
        grows_by: How many bytes it grows by each second, as far as somebody has looked.
    """
    told = os.statvfs(nearest(folder))
    if told.f_flag & os.ST_RDONLY:
        mend = "`dmesg` says why: mostly a card that is worn out or lost its power. Copy it to a new one"
        yield Finding("problem", f"{folder}: its file system can only be read", mend)
    free, whole = told.f_bavail * told.f_frsize, told.f_blocks * told.f_frsize
    left_s = free / grows_by if grows_by else None
    words = f"{folder}: {size(free)} of {size(whole)} are free"
    if left_s is not None:
        words += f", enough for {duration(left_s)} at the pace of the last week"
    mend = "remove what is not needed (`sudo apt clean`; `du -xh / | sort -h | tail`), or lower keep_days of record"
    if free < LEAST_B:
        yield Finding("problem", words, mend)
    elif free < LITTLE_B or (left_s is not None and left_s < SOON_S):
        yield Finding("warning", words, mend)
    else:
        yield ok(words)
    if told.f_files and told.f_favail < FEW_NODES * told.f_files:  # some file systems count none
        words = (
            f"{folder}: {told.f_favail} of {told.f_files} inodes are free: soon no file can be made"
        )
        yield Finding(
            "problem" if told.f_favail == 0 else "warning",
            words,
            "remove folders with very many small files",
        )


def pace(folder: Path, now_s: float) -> float:
    """How many bytes a second were put there in the last week: of files that are still there."""
    fresh = [
        told for told in map(_stat, folder.glob("*")) if told and now_s - told.st_mtime < WEEK_S
    ]
    if not fresh:
        return 0.0
    since_s = max(DAY_S, *(now_s - told.st_mtime for told in fresh))
    return sum(told.st_size for told in fresh) / since_s


def wear(root: Path = Path("/")) -> Iterator[Finding]:
    """Of each card and eMMC; SD cards mostly tell nothing."""
    devices = sorted((root / "sys/block").glob("mmcblk?"))
    if not devices:
        yield skipped("wear: no SD card or eMMC here that could tell it")
    for device in devices:
        kind, name = _text(device / "device/type") or "card", _text(device / "device/name")
        life = [
            int(part, 16)
            for part in re.findall(r"0x([0-9a-fA-F]+)", _text(device / "device/life_time"))
        ]
        reserve = re.fullmatch(r"0x([0-9a-fA-F]+)", _text(device / "device/pre_eol_info"))
        words = f"{device.name} ({' '.join(filter(None, (kind, name)))})"
        yield _worn(words, [part for part in life if part], int(reserve[1], 16) if reserve else 0)


def _worn(name: str, life: list[int], reserve: int) -> Finding:
    if not life and not reserve:
        return skipped(f"wear: {name} does not tell it; hardly any SD card does")
    worst = max(life, default=0)
    used = (
        "more than it was made for"
        if worst >= OUTLIVED
        else f"at most {worst * 10} % of its life"
        if worst
        else ""
    )
    words = f"wear: {name}: " + ", ".join(
        filter(None, (used and f"{used} used", RESERVE.get(reserve, "")))
    )
    if worst >= OUTLIVED or reserve == max(RESERVE):
        return Finding("problem", words, COPY)
    if worst >= OLD or reserve in RESERVE:
        return Finding("warning", words, COPY)
    return ok(words)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # it went just now
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
