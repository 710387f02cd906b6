"""A socket in a folder that few may enter: one process of this machine serves, others ask."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

RIGHTS = 0o660  # the group is that of the process that serves


class LocalSocket(NamedTuple):
    """Where it is.

    Attributes:
        variable: The environment variable that names its folder; systemd's units set it.
        name: Of the socket in that folder.
    """

    variable: str
    name: str

    def folder(self, state_dir: Path) -> Path:
        """The folder that the variable names, or else the state folder.

        Args:
            state_dir: The state folder.
        """
        return Path(os.environ.get(self.variable) or state_dir)

    def is_served(self, folder: Path) -> bool:
        """Whether a process serves it.

        Args:
            folder: Where it is.
        """
        return os.path.exists(folder / self.name)  # noqa: PTH110 - no error where it may not look

    @contextmanager
    def short_name(self, folder: Path) -> Iterator[str]:
        """A name of the socket that is never too long: an address has 108 bytes (unix(7)).

        Args:
            folder: Where it is. It must be there.

        Raises:
            OSError: It is not there, or may not be entered.
        """
        entered = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{entered}/{self.name}"
        finally:
            os.close(entered)

    @contextmanager
    def listening(self, folder: Path, backlog: int) -> Iterator[socket.socket]:
        """Listen there. What a process that crashed has left is replaced.

        Raises:
            OSError: The folder is not there, cannot be written, or another process listens in it.
        """
        path = folder / self.name
        with socket.socket(socket.AF_UNIX) as listener, self.short_name(folder) as name:
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
