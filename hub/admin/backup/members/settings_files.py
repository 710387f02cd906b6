"""Which files beside the settings file belong in a backup, and so may come from one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from config import Settings
from config.reading import sources
from config.toml import toml_file
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.members.members import Member
from hub.admin.backup.members.walk import walk
from hub.plugin.secret_settings import texts_in

BROKER = "broker"


def settings_members(config: Path, settings: Settings, left_out: list[str]) -> Iterator[Member]:
    """The settings file, the folder `broker` beside it, and each file named by a relative path.

    Args:
        config: The settings file.
        settings: What it says.
        left_out: Gets a line for each thing that it names and that lies elsewhere.
    """
    if config == sources.DEMO:
        return
    home = config.parent
    yield Member(f"settings/{config.name}", config)
    if (home / BROKER).is_dir():
        yield Member(f"settings/{BROKER}", home / BROKER)
        for path in walk(home / BROKER, left_out):
            yield Member(f"settings/{path.relative_to(home)}", path)
    for name in sorted(named_files(toml_file.read(config))):
        with suppress(OSError, ValueError):  # most texts are no path at all
            yield from _named_file(Path(name), config, settings, left_out)
    folder = settings.broker.password_dir
    if folder and not folder.resolve().is_relative_to((home / BROKER).resolve()):
        left_out.append(f"{folder}: the passwords are not in {home / BROKER}")


def refuse_unnamed(facts: dict[str, Any], tables: Mapping[str, Any]) -> None:
    """Refuse files beside the settings file that no backup of ours has.

    Args:
        facts: The manifest.
        tables: What the backup's settings file says; nothing where it has none.

    Raises:
        BackupError: there is one.
    """
    names = {f"settings/{name}" for name in named_files(tables)} | {facts["settings"]}
    for member in facts["members"]:
        room, _, inside = member["name"].partition("/")
        is_in_broker = Path(inside).parts[:1] == (BROKER,) and facts["settings"]
        if room == "settings" and not is_in_broker and member["name"] not in names:
            raise BackupError(f"{member['name']}: no setting names it. Do not trust this file")


def _named_file(
    path: Path, config: Path, settings: Settings, left_out: list[str]
) -> Iterator[Member]:
    """The file that a setting names, if it names one."""
    home = config.parent
    if path.parts[0] == BROKER or path == Path(config.name) or not (home / path).is_file():
        return
    real = (home / path).resolve()
    is_elsewhere = path.is_absolute() or path.parts[0] == ".."
    if is_elsewhere or not real.is_relative_to(home.resolve()):
        left_out.append(f"{path}: it is not in the folder of the settings")
    elif not any(
        real.is_relative_to(folder.resolve())
        for folder in (settings.handlers_dir, settings.state_dir)  # they are rooms of their own
    ):
        yield Member(f"settings/{path}", home / path)


def named_files(tables: Mapping[str, Any]) -> set[str]:
    """Every one-line text in these tables, as a path without detours."""
    texts = {text for text in texts_in(tables) if text and "\n" not in text}
    return {os.path.normpath(text) for text in texts} - {"."}
