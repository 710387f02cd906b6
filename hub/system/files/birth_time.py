"""When a file was made: statx(2), which Python has from 3.15 on."""

import ctypes
import os
from pathlib import Path

AT_FDCWD = -100
STATX_BTIME = 0x800
_statx = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)


class _Statx(ctypes.Structure):
    """`struct statx`: 256 bytes, alike on all machines."""

    _fields_ = (
        ("mask", ctypes.c_uint32),
        ("before", ctypes.c_ubyte * 76),
        ("seconds", ctypes.c_int64),
        ("nanoseconds", ctypes.c_uint32),
        ("rest", ctypes.c_ubyte * 164),
    )


def birth_time(path: Path) -> str:
    """When a file was made, to the nanosecond; empty where the file system does not know it.

    A move, a write and a change of the owner leave it as it is. A copy has one of its own, and none
    can choose it.
    """
    facts = _Statx()
    if _statx is None or _statx(AT_FDCWD, os.fsencode(path), 0, STATX_BTIME, ctypes.byref(facts)):
        return ""
    is_known = facts.mask & STATX_BTIME
    return f"{facts.seconds}.{facts.nanoseconds:09}" if is_known else ""
