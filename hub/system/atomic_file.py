"""Files that are written whole or not at all, and that a power cut does not empty."""

import os
import shutil
import stat
from pathlib import Path


def write(path: Path, content: bytes, mode: int = 0o644, owner: str | None = None) -> bool:
    """Put a file in its place, with its mode from the first byte on; its folder is made if need be.

    Args:
        path: Where.
        content: All of it.
        mode: Who may do what with it, whatever the umask.
        owner: Whose it is to be; None for who writes it.

    Returns:
        Whether it was another before, or somebody else's. One that is the same already is not touched.

    Raises:
        OSError: it cannot be written; what was there before is there still.
        LookupError: there is no such owner.
    """
    if (
        not owner
        and path.is_file()
        and path.read_bytes() == content
        and stat.S_IMODE(path.stat().st_mode) == mode
    ):
        return False
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        path.parent.chmod(0o755 if mode & stat.S_IROTH else 0o700)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
        if owner:  # from here on it may be closed to us: root in a sandbox is not almighty
            shutil.chown(new, owner)
    new.replace(path)
    fsync(path.parent)
    return True


def fsync(path: Path) -> None:
    """Have a file's content, or a folder's names, survive a power cut (fsync(2))."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
