"""Imported by a fork server: only so many forks succeed, as on a machine without memory."""

import errno
import os

_fork = os.fork
_left = int(os.environ["FORKS_LEFT"])


def _limited() -> int:
    global _left  # noqa: PLW0603 - each process counts its own
    if _left == 0:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    _left -= 1
    return _fork()


os.fork = _limited
