"""What the system refuses, in words: where, what, and what to do."""

import errno
import os

MENDS = {
    errno.ENOENT: "Check the path; a folder that is missing is to be made first",
    errno.ENOSPC: "Make room there",
    errno.EDQUOT: "Make room there",
    errno.EROFS: "Choose another place, or have it mounted for writing",
    errno.EACCES: "Use sudo, or change its rights",
    errno.EPERM: "Use sudo, or change its rights",
    errno.EIO: "Look at the disk: `dmesg` says more",
}


def in_words(error: OSError) -> str:
    """`/srv/handlers: Read-only file system. Choose another place, …`."""
    if error.strerror is None:
        return str(error)
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    mend = MENDS.get(error.errno or 0)
    return f"{where}{error.strerror}" + (f". {mend}" if mend else "")
