"""Work in a folder of another user is done as that user, so that the kernel refuses the rest.

Root that walks through such a folder by path can be led anywhere: its owner may put a link in place
of a folder between two steps. As the owner it can do only what the owner can do without it.
"""

import json
import os
import pwd
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hub.system.files import private_view

ROOT_ID = 0
LINKS = 40  # as many as the kernel follows: path_resolution(7)
PIECE = 1 << 16  # bytes
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Owner(NamedTuple):
    """The first user other than root on the way to a folder.

    Attributes:
        uid: The user.
        gid: The group of what belongs to it there.
        path: What belongs to it: all below may be changed by it at any moment.
    """

    uid: int
    gid: int
    path: Path


def user_name(uid: int) -> str:
    """What a user is called; the number where nobody has it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_of(folder: Path) -> Owner | None:
    """The user who decides what lies there; None where only root does.

    What belongs to root, in folders of root alone, cannot be replaced by others; so root's own
    links are followed.
    """
    rest = list(folder.absolute().parts[1:])
    here = Path("/")
    links = 0
    while rest:
        part = rest.pop(0)
        if part == "..":
            here = here.parent
            continue
        path = here / part
        try:
            facts = path.lstat()
        except FileNotFoundError:
            return None
        if facts.st_uid != ROOT_ID:
            return Owner(facts.st_uid, facts.st_gid, path)
        if path.is_symlink():
            links += 1
            if links > LINKS:
                raise OSError(f"{folder}: too many links")
            target = path.readlink()
            rest[:0] = target.parts[1:] if target.is_absolute() else target.parts
            here = Path("/") if target.is_absolute() else here
        else:
            here = path
    return None


@contextmanager
def acting_for(folder: Path) -> Iterator[None]:
    """Meanwhile root acts as the user whom this folder belongs to. Others act as themselves.

    The ids are those of the whole process, so only programs of one thread may use it.

    Raises:
        OSError: root may not do that here.
    """
    owner = owner_of(folder) if os.geteuid() == ROOT_ID else None
    if owner is None:
        yield
        return
    before = os.getegid(), os.getgroups()
    with ExitStack() as way:
        try:
            _become(owner.uid, *_groups(owner))
            if _is_shut_out(owner):
                _become(ROOT_ID, *before)
                if private_view.is_below(owner.path):
                    way.enter_context(private_view.way_to(owner.path))
                    _become(owner.uid, *_groups(owner))
            yield
        finally:
            _become(ROOT_ID, *before)


def in_child(work: Callable[[], object], patience_s: float) -> object:
    """Do it in a process of its own, which is ended when it takes too long.

    A program that opens files by itself may hang on a FIFO. As root it becomes the present
    effective user for good.

    Args:
        work: Returns what JSON can hold.
        patience_s: How long it may take.

    Raises:
        TimeoutError: it took too long, or died.
        OSError: it failed, with its words.
    """
    reading, writing = os.pipe()
    # What a signal's handler raises in one of the functions that fork calls would be lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if not child:
        os.close(reading)
        _work(work, writing)
    try:
        os.close(writing)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        answer = _answer(reading, time.monotonic() + patience_s)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    try:
        kind, value = json.loads(answer)
    except ValueError:
        raise TimeoutError(f"it took more than {patience_s:.0f} s, or died") from None
    if kind == "fault":
        raise OSError(value)
    return value


def _work(work: Callable[[], object], writing: int) -> None:
    """The child's whole life."""
    try:
        if os.getuid() == ROOT_ID != os.geteuid():
            uid, gid = os.geteuid(), os.getegid()
            os.seteuid(ROOT_ID)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        answer = json.dumps(["done", work()])
    except (OSError, ValueError, RuntimeError) as error:
        answer = json.dumps(["fault", str(error)])
    finally:  # whatever happens, this process does not go on with its parent's work
        with suppress(BaseException):
            os.write(writing, answer.encode())
        os._exit(0)


def _answer(reading: int, until: float) -> bytes:
    """What the child says, up to its end or the deadline."""
    said = b""
    while (left := until - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        piece = os.read(reading, PIECE)
        if not piece:
            break
        said += piece
    return said


def _become(uid: int, gid: int, groups: list[int]) -> None:
    os.seteuid(ROOT_ID)  # only root may change the other ids
    os.setgroups(groups)
    os.setegid(gid)
    os.seteuid(uid)


def _groups(owner: Owner) -> tuple[int, list[int]]:
    """The group and the further groups that it has anyway; root's is not among them."""
    try:
        entry = pwd.getpwuid(owner.uid)
    except KeyError:
        gid = owner.gid or owner.uid
        return gid, [gid]
    return entry.pw_gid, os.getgrouplist(entry.pw_name, entry.pw_gid)


def _is_shut_out(owner: Owner) -> bool:
    """Whether root's own folders above keep the user away from what belongs to it.

    Then no process of that user can get there and change anything, and root has to do the work;
    except below /var/lib/private, to which systemd gives a unit a way of its own.
    """
    try:
        owner.path.lstat()
    except PermissionError:
        return True
    return False
