"""Moves the state between the house's folder and a folder for each process, and back.

Before there were such folders all of it lay in the house's own, as it still does in a backup and
under `doorbell run`. Nothing of doorbell may run meanwhile. A move that was cut off is finished by
the next one; until then no process starts whose state file still lies in the house's folder
(`hub.process.state_place`). So that file is the last to leave it, and the first to come back.
Before that it takes in its log: a command that looks at a file without its log gives it a new one.
"""

import errno
import itertools
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hub.admin.install.machine import Machine
from hub.admin.install.moves.other_disk import to_other_disk
from hub.admin.install.moves.whole_file import make_whole
from hub.mqtt.connection import client_ids
from hub.process.restore_guard import FROM_RESTORES
from hub.store.own_folders import (
    HANDLERS,
    HUB,
    MARK,
    MEDIA,
    OF_HOUSE,
    WEB,
    are_apart,
    of_handler,
    own_folders,
    part_of,
)
from hub.system.files.atomic_file import fsync
from hub.wire.tokens.house_key import KEY_FILE, secret_in

GROUP = "doorbell"  # of all processes, and the user of `record`
ROOT = "root:root"
RECORD = of_handler("record")  # its unit has a user that stays the same, and needs no link
NOBODYS = "not known whose it is. If a handler of yours needs it, move it to handlers/NAME there"
BEFORE = "before-update"
HOUSE_MODE, OWN_MODE, MEDIA_MODE, KEY_MODE = 0o750, 0o700, 0o750, 0o600


def is_due(machine: Machine) -> bool:
    """Whether something is not where the units look for it."""
    house = machine.state
    return (
        bool(_moves(house))
        or not are_apart(house)
        or not machine.belongs_to(house, f"root:{GROUP}")
        or not (house / KEY_FILE).exists()
        or not machine.belongs_to(house / MEDIA, f"{GROUP}:{GROUP}")
    )


def spread(machine: Machine) -> Iterator[str]:
    """Move what lies in the house's folder to the folders of the processes that it belongs to.

    systemd gives each folder to its unit's user when the unit starts.

    Yields:
        A line for each thing that is nobody's.

    Raises:
        OSError: something cannot be moved; a repetition continues there.
        OrderError: chown refuses.
    """
    house = machine.state
    machine.own(house, f"root:{GROUP}", HOUSE_MODE)  # first: from now on only root decides here
    for name in (MARK, HUB, WEB, HANDLERS, MEDIA, KEY_FILE):
        _refuse_planted(house / name)
    (house / MARK).touch()
    (house / HANDLERS).mkdir(mode=0o755, exist_ok=True)
    _make_whole(house)
    for part, paths in _moves(house).items():
        folder = _make(machine, part)
        machine.own(folder, ROOT, OWN_MODE)
        for path in sorted(paths, key=_is_database, reverse=True):
            _set_aside(folder, path.name)
        for path in sorted(paths, key=_is_database):
            if _is_database(path):
                fsync(folder)
                fsync(house)
            _move(path, folder / path.name)
        fsync(folder)
        fsync(house)
    _make_media(machine)
    if not (house / KEY_FILE).exists():  # a damaged one is told by those who need it
        secret_in(house / KEY_FILE)
    machine.own(house / KEY_FILE, ROOT, KEY_MODE)
    for path in sorted(house.iterdir()):
        if path.name not in OF_HOUSE and not path.is_symlink():
            machine.own(path, ROOT, OWN_MODE if path.is_dir() else KEY_MODE)
            if not path.name.startswith((*FROM_RESTORES, ".")):
                yield f"{path}: {NOBODYS}"


def gather(machine: Machine) -> None:
    """Move everything back into the house's folder. What is not known there stays in a subfolder.

    Raises:
        OSError: something cannot be moved; a repetition continues there.
    """
    house = machine.state
    for part, real in own_folders(house).items():
        folder = house / part
        (real / client_ids.KEY_FILE).unlink(missing_ok=True)  # each process makes it anew
        _make_whole(real)
        known = [path for path in _content(real) if _is_own(path, part)]
        for path in sorted(known, key=_is_database, reverse=True):
            _set_aside(house, path.name)
            _move(path, house / path.name)
            if _is_database(path):
                fsync(house)
        fsync(house)
        _leave_rest(folder, real)
    if (house / HANDLERS).is_dir() and not _content(house / HANDLERS):
        (house / HANDLERS).rmdir()
    (house / MARK).unlink(missing_ok=True)  # last: until then no process starts with what is there
    if house.is_dir():
        fsync(house)


def _leave_rest(folder: Path, real: Path) -> None:
    """Put what is left in a process's folder in place of the link to it; nothing if it is empty."""
    rest = folder.with_name(f"{folder.name}.rest")
    if folder.is_symlink():
        if _content(real):
            _move(real, rest)
        folder.unlink()
        if real.is_dir():
            real.rmdir()
        if rest.is_dir():
            rest.rename(folder)
    elif not _content(folder):
        folder.rmdir()


def give_back(machine: Machine) -> None:
    """Leave the state as an earlier version has it, with the one user that all its processes had.

    Raises:
        OSError: see `gather`.
        OrderError: chown refuses.
    """
    gather(machine)
    for path in _content(machine.state):
        if path.name not in (HUB, WEB, HANDLERS):  # what an earlier version does not know
            machine.order("chown", "-R", f"{GROUP}:{GROUP}", str(path))
    if machine.state.is_dir():
        machine.own(machine.state, f"{GROUP}:{GROUP}", HOUSE_MODE)
    for folder in (HANDLERS, ""):
        with suppress(OSError):  # something else lies in it
            (machine.at("var/lib/private/doorbell") / folder).rmdir()


@contextmanager
def together(house: Path, note: Path) -> Iterator[None]:
    """Meanwhile all of an installed house's state lies in its folder: for a restore.

    Args:
        house: The house's folder.
        note: While this is there at the end, the restore is unfinished, and all stays together.
    """
    machine = Machine()
    if os.geteuid() or house != machine.state or not (are_apart(house) or note.exists()):
        yield
        return
    gather(machine)
    try:
        yield
    finally:
        if not note.exists():
            for _ in spread(machine):
                pass


def _moves(house: Path) -> dict[str, list[Path]]:
    """What is to be moved, by the folder that it belongs to."""
    found: dict[str, list[Path]] = defaultdict(list)
    handlers = _handlers(house)
    for path in _content(house):
        stays = path.name in OF_HOUSE or path.name.startswith((*FROM_RESTORES, "."))
        if not stays and (part := part_of(path.name, handlers)):
            found[part].append(path)
    return found


def _handlers(house: Path) -> set[str]:
    """The names of the handlers that have run here."""
    files = {path.stem for path in house.glob("*.db")}
    return files | {path.name for path in house.glob(f"{HANDLERS}/*")}


def _is_own(path: Path, part: str) -> bool:
    return part_of(path.name, [part.rpartition("/")[2]]) == part


def _make_whole(folder: Path) -> None:
    for path in filter(_is_database, _content(folder)):
        make_whole(path)


def _is_database(path: Path) -> bool:
    return path.suffix == ".db"


def _make(machine: Machine, part: str) -> Path:
    """The folder of a process; systemd moves a new one to /var/lib/private, and links it.

    From another disk it could not, so there it is made as systemd would.
    """
    folder = machine.state / part
    if folder.is_symlink() or folder.is_dir():
        return folder.resolve()
    lib = machine.at("var/lib")
    if part == RECORD or machine.state.stat().st_dev == lib.stat().st_dev:
        folder.mkdir(mode=OWN_MODE)
        return folder
    private = lib / "private"
    private.mkdir(mode=0o700, exist_ok=True)
    real = private / "doorbell" / part
    real.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    real.mkdir(mode=OWN_MODE, exist_ok=True)
    folder.symlink_to(os.path.relpath(real, folder.parent))
    return real


def _make_media(machine: Machine) -> None:
    """The folder that `record` writes to and the group reads; clips of a restore are root's."""
    media = machine.state / MEDIA
    if media.is_symlink():
        return
    media.mkdir(mode=MEDIA_MODE, exist_ok=True)
    if not machine.belongs_to(media, f"{GROUP}:{GROUP}"):
        machine.order("chown", "-R", f"{GROUP}:{GROUP}", str(media))
    machine.own(media, f"{GROUP}:{GROUP}", MEDIA_MODE)


def _refuse_planted(path: Path) -> None:
    """Set aside what a handler of an earlier version may have put where root now writes."""
    if not os.path.lexists(path):
        return
    facts = path.lstat()
    is_media = path.name == MEDIA and stat.S_ISDIR(facts.st_mode)
    is_key = path.name == KEY_FILE and stat.S_ISREG(facts.st_mode)
    if facts.st_uid != os.geteuid() and not (is_media or is_key):
        path.rename(path.with_name(f"{path.name}.planted"))


def _set_aside(folder: Path, name: str) -> None:
    """Keep what has that name there: an earlier version made its own state after this one's."""
    if not os.path.lexists(folder / name):
        return
    places = (folder / f"{BEFORE}-{number}" for number in itertools.count(1))
    aside = next(place for place in places if _has_room(place, name))
    aside.mkdir(mode=OWN_MODE, exist_ok=True)
    for beside in ("-wal", "-shm", ""):
        if os.path.lexists(folder / f"{name}{beside}"):
            (folder / f"{name}{beside}").rename(aside / f"{name}{beside}")
    fsync(aside)


def _has_room(place: Path, name: str) -> bool:
    if not os.path.lexists(place):
        return True
    return place.is_dir() and not place.is_symlink() and not os.path.lexists(place / name)


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        to_other_disk(source, target)


def _content(folder: Path) -> Iterable[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
