"""Which files and folders belong in a backup, and under which names."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from config import Settings
from config.paths import fault_in_path, full_path
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.members.walk import walk
from hub.admin.backup.rules import NEVER_STATE
from hub.plugin import loader
from hub.process.restore_guard import FROM_RESTORES
from hub.store.own_folders import HANDLERS, HUB, MARK, WEB, are_apart, part_of
from hub.system.files import atomic_file

# What no copy needs.
BROKER = ("own-broker-port", "own-broker.conf")
LEFT_OUT = (*NEVER_STATE, ".part", *BROKER, "web-port", "client-ids.key", MARK)
CLIPS = (".mp4", ".jpg")


class Member(NamedTuple):
    """A file or folder, by its name in the backup."""

    name: str
    path: Path


def refuse_mixed(config: Path, settings: Settings) -> None:
    """Each of these folders is replaced as a whole, so that no other part may lie in it.

    Raises:
        BackupError: state, handlers and passwords are not apart from each other.
    """
    state = settings.state_dir.resolve()
    for path in (config, settings.handlers_dir):
        if path.resolve().is_relative_to(state):
            hint = "Give state_dir a folder of its own"
            raise BackupError(f"{settings.state_dir}: the state folder also holds {path}. {hint}")
    handlers = settings.handlers_dir.resolve()
    passwords = (config.parent / "broker").resolve()
    for path in (config.resolve(), state, passwords):
        if path.is_relative_to(handlers):
            hint = "Give handlers_dir a folder of its own"
            raise BackupError(f"{handlers}: the folder of handlers also holds {path}. {hint}")
    for path in (handlers, state):
        if path.is_relative_to(passwords):
            hint = "Give it a folder of its own"
            raise BackupError(f"{path}: it lies in the folder of passwords, {passwords}. {hint}")


def clips_folder(settings: Settings) -> Path:
    """Where `record` keeps clips and pictures.

    Raises:
        BackupError: the setting is no folder.
    """
    folder = settings.handlers.get("record", {}).get("folder") or "media"
    if not isinstance(folder, str) or fault_in_path(Path(folder)):
        hint = 'Write a path, like folder = "media"'
        raise BackupError(f"[handlers.record] folder: no path of a folder. {hint}")
    return full_path(Path(folder), settings.state_dir)


def is_in_checkout(handlers_dir: Path) -> bool:
    """Whether the user's handlers lie beside those that come with doorbell."""
    return handlers_dir.resolve() == loader.SHIPPED.resolve()


def handlers_members(settings: Settings, left_out: list[str]) -> Iterator[Member]:
    """Handlers of the user's own, and what else lies in their folder.

    Args:
        settings: The settings.
        left_out: Gets a line for each folder that cannot be read, and for each handler that lies
            elsewhere.
    """
    folder = settings.handlers_dir
    if not is_in_checkout(folder):
        left_out += [
            f"{path}: it lies beside the handlers that come with doorbell. Move it to {folder}"
            for path in loader.find(settings).values()
            if path.parent == loader.SHIPPED and not loader.is_shipped(path)
        ]
    if not folder.is_dir():
        return
    shipped = loader.SHIPPED_NAMES if is_in_checkout(folder) else ()
    not_ours = {folder / f"{name}.py" for name in shipped}
    yield Member("handlers", folder)
    for path in walk(folder, left_out):
        if "__pycache__" not in path.parts and path not in not_ours:
            yield Member(f"handlers/{path.relative_to(folder)}", path)


def state_members(settings: Settings, left_out: list[str], *, clips: bool) -> Iterator[Member]:
    """What lies in the house's folder, the hub's state file after those of handlers.

    It knows all that a handler has seen.

    Args:
        settings: The settings.
        left_out: Gets a line where clips are wanted and lie elsewhere, and for each folder that
            cannot be read.
        clips: Whether pictures and clips are wanted.
    """
    state = settings.state_dir
    media = clips_folder(settings)
    real_media, real_state = _real(media), _real(state)
    apart = (HUB, WEB, HANDLERS, media.name) if are_apart(state) else ()
    for path in walk(state, left_out, but=apart):
        if _belongs(path, state) and (clips or not _is_clip(path, real_media, real_state)):
            yield Member(f"state/{path.relative_to(state)}", path)
    if clips and not media.resolve().is_relative_to(state.resolve()):
        left_out.append(f"{media}: the clips are not in the state folder")


def own_members(part: str, folder: Path, left_out: list[str]) -> Iterator[Member]:
    """What lies in the folder of one process, under the names that it has without such folders.

    So a backup can be restored in any house, and by an earlier version.

    Args:
        part: `hub`, `web` or `handlers/NAME`.
        folder: Where it is.
        left_out: See `state_members`.
    """
    for path in walk(folder, left_out):
        if _belongs(path, folder):
            inside = path.relative_to(folder)
            is_known = part_of(inside.parts[0], [part.rpartition("/")[2]]) == part
            yield Member(f"state/{inside}" if is_known else f"state/{part}/{inside}", path)


def media_members(settings: Settings, left_out: list[str], *, clips: bool) -> Iterator[Member]:
    """The clips of a house whose processes have folders of their own.

    Args:
        settings: The settings.
        left_out: See `state_members`.
        clips: Whether they are wanted.
    """
    media = clips_folder(settings)
    if not clips or media.parent != settings.state_dir:
        return
    yield Member(f"state/{media.name}", media)
    for path in walk(media, left_out):
        if _belongs(path, media):
            yield Member(f"state/{media.name}/{path.relative_to(media)}", path)


def _belongs(path: Path, folder: Path) -> bool:
    """Whether it is worth a copy."""
    is_temporary = path.name.endswith(LEFT_OUT) or atomic_file.is_unfinished(path)
    return not is_temporary and not path.relative_to(folder).parts[0].startswith(FROM_RESTORES)


def _is_clip(path: Path, media: Path, state: Path) -> bool:
    """Whether `record` has put it there; where clips lie among the state, by its name."""
    if state.is_relative_to(media):
        return path.suffix in CLIPS
    return _real(path).is_relative_to(media)


def _real(path: Path) -> Path:
    """Where it is; unlike resolve() it takes a link that leads to itself."""
    try:
        return Path(os.path.realpath(path))
    except OSError:  # a link has become a folder meanwhile
        return path
