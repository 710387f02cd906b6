"""What the kernel does for a process and its parent (Linux, prctl(2))."""

import ctypes
import signal
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None)  # loaded before a fork: in the child a lock may be held for ever


def end_with_parent() -> None:
    """Get SIGTERM when the parent ends, even by kill -9. May be called between fork and exec."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def adopting() -> Iterator[None]:
    """Meanwhile a process whose parent ends becomes our child, instead of that of init."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 0)
