"""A view of the file system for root alone, in which a folder's owner can get to its folder.

systemd keeps the state of a unit with DynamicUser= below /var/lib/private, where only root gets to
(systemd.exec(5)), and gives the unit a view of its own. Root that acts as such a user needs one,
too.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = Path("/var/lib/private")

CLONE_NEWNS = 0x00020000  # sched.h
MS_BIND, MS_REC, MS_SLAVE = 4096, 16384, 1 << 19  # sys/mount.h
MNT_DETACH = 2
OPEN = "mode=0755,size=64k"
_c = ctypes.CDLL(None, use_errno=True)


def is_below(folder: Path) -> bool:
    """Whether a folder lies where only a unit's own view leads."""
    return folder.is_relative_to(PRIVATE)


@contextmanager
def way_to(folder: Path) -> Iterator[None]:
    """Meanwhile nothing but this folder is below `/var/lib/private`, and everybody may go there.

    This process and its children alone see it so. On a system that maps ids (systemd 257) all these
    folders belong to one user on the disk, so that none of them may be a way to another.

    Args:
        folder: Below `/var/lib/private`, and without links.

    Raises:
        OSError: this process may not do that.
    """
    _call(_c.unshare(CLONE_NEWNS), "unshare")
    _mount("none", Path("/"), None, MS_SLAVE | MS_REC)
    kept = os.open(folder, os.O_PATH | os.O_NOFOLLOW)
    try:
        _mount("tmpfs", PRIVATE, "tmpfs", 0, OPEN)
        try:
            for one in reversed((folder, *folder.parents)):
                if one.is_relative_to(PRIVATE) and one != PRIVATE:
                    one.mkdir()
                    one.chmod(0o755)
            _mount(f"/proc/self/fd/{kept}", folder, None, MS_BIND)
            yield
        finally:
            _call(_c.umount2(str(PRIVATE).encode(), MNT_DETACH), f"umount {PRIVATE}")
    finally:
        os.close(kept)


def _mount(
    source: str, target: Path, kind: str | None, flags: int, options: str | None = None
) -> None:
    words = (source, str(target), kind)
    texts = [word.encode() if word is not None else None for word in words]
    data = options.encode() if options else None
    _call(_c.mount(*texts, ctypes.c_ulong(flags), data), f"mount on {target}")


def _call(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
