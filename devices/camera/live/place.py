"""Where the live picture is: a socket in a folder that few may enter."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = "DOORBELL_LIVE"  # systemd's units set it
SOCKET = "live.sock"
RIGHTS = 0o660  # the group is that of all processes of the doorbell


def live_folder(state_dir: Path) -> Path:
    """The folder of the socket: that of the variable `DOORBELL_LIVE`, or the state folder.

    Args:
        state_dir: The state folder.
    """
    return Path(os.environ.get(FOLDER) or state_dir)


def is_served(folder: Path) -> bool:
    """Whether a process with cameras runs.

    Args:
        folder: Where its socket is.
    """
    return (folder / SOCKET).exists()


@contextmanager
def short_name(folder: Path) -> Iterator[str]:
    """A name of the socket that is never too long: an address has 108 bytes (unix(7)).

    Args:
        folder: Where it is. It must be there.

    Raises:
        OSError: It is not there, or may not be entered.
    """
    entered = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{entered}/{SOCKET}"
    finally:
        os.close(entered)


@contextmanager
def listening(folder: Path, backlog: int) -> Iterator[socket.socket]:
    """Listen there. What a process that crashed has left is replaced.

    Raises:
        OSError: The folder is not there, cannot be written, or another process listens in it.
    """
    path = folder / SOCKET
    with socket.socket(socket.AF_UNIX) as listener, short_name(folder) as name:
        if _is_answered(name):
            raise OSError(errno.EADDRINUSE, "another process serves it there")
        path.unlink(missing_ok=True)
        listener.bind(name)
        path.chmod(RIGHTS)  # nobody can connect before it listens
        listener.listen(backlog)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _is_answered(name: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        return probe.connect_ex(name) not in (errno.ENOENT, errno.ECONNREFUSED)
