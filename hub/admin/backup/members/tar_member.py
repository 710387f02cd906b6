"""A file or folder as an archive has it: its head, and its content, which is read once."""

import grp
import hashlib
import os
import pwd
import stat
import sys
import tarfile
from functools import cache
from typing import IO


def head_of(name: str, facts: os.stat_result) -> tarfile.TarInfo:
    """The head of a member with the type, mode, time and owner of a file or folder."""
    head = tarfile.TarInfo(name)
    head.type = tarfile.DIRTYPE if stat.S_ISDIR(facts.st_mode) else tarfile.REGTYPE
    head.mode = stat.S_IMODE(facts.st_mode)
    head.mtime = facts.st_mtime
    head.uid, head.gid = facts.st_uid, facts.st_gid
    head.uname, head.gname = _user(facts.st_uid), _group(facts.st_gid)
    return head


@cache
def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


@cache
def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""


class Content:
    """A file that is read once: into the archive and into its checksum.

    An archive says first how long a file is. What is cut off meanwhile is filled with zeros.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self.missing = 0
        self.sum = hashlib.sha256()

    def read(self, size: int = sys.maxsize) -> bytes:
        """The next bytes, as many as are wanted or left."""
        size = min(size, self._left)
        piece = self._file.read(size)
        self.missing += size - len(piece)
        piece = piece.ljust(size, b"\0")
        self._left -= size
        self.sum.update(piece)
        return piece
