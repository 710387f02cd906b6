"""Reads the settings: `doorbell.toml`, and over it the environment."""

import os
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar

from config import places
from config.faults import Fault, SettingsError, described
from config.model import Settings
from config.paths import full_path
from config.reading import environment
from config.reading.sound_part import sound_part
from config.section import Section
from config.toml import toml_file
from config.written import Written

T = TypeVar("T", bound=Section)
DEMO = Path(__file__).parents[1] / "demo.toml"
PATHS = ("password_dir", "ca_file", "cert_file", "key_file")  # in [broker]


def find(given: Path | None = None) -> Path:
    """Find the settings file: the given one, `$DOORBELL_CONFIG`, the first that exists, the demo's.

    Args:
        given: The file that the command line names.

    Raises:
        SettingsError: The file that was asked for does not exist.
    """
    asked = given
    if asked is None and os.environ.get("DOORBELL_CONFIG"):
        asked = Path(os.environ["DOORBELL_CONFIG"])
    if asked is None:
        path = next((path for path in places.searched() if places.found(path)), DEMO)
    elif places.found(asked):
        path = asked
    else:
        raise SettingsError(
            [f"{asked}: no such settings file. Give another with --config, or write this one."]
        )
    return path if path.is_absolute() else places.here() / path


def load(path: Path, draft: Path | None = None) -> Settings:
    """Read and check the settings. Relative paths in them start at the file's folder.

    Args:
        path: The file.
        draft: Where its text is now, if it is not in place yet.

    Raises:
        SettingsError: The settings have faults; it contains all of them.
    """
    file = toml_file.look(toml_file.read_text(path, draft))
    variables = environment.read(Settings)
    faults = [*variables.faults, *(f"{path.name}: {fault}" for fault in file.faults)]
    if file.table is None:
        raise SettingsError(faults)
    own, twice = _in_small_letters(file.table)
    whole = environment.merged(own, variables.table)
    if "handlers" in whole:
        whole["handlers"] = _plain(whole["handlers"])
    settings, found = sound_part(whole, [*file.lost, *variables.lost])
    written = Written(path.name, file.text)
    lines = written.lines if twice or found else {}
    faults += [described(one, Settings, path.name, lines=lines) for one in (*twice, *found)]
    full = None
    if settings:
        settings.read_from(written)
        try:
            full = _with_full_paths(settings, path)
        except SettingsError as error:
            faults += error.faults
    if faults or full is None:
        raise SettingsError(faults, full)
    return full


def _in_small_letters(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The table with its first level as we write it: `[Broker]` is `[broker]`."""
    own: dict[str, Any] = {}
    twice = []
    for key, value in table.items():
        meant = key.lower() if key.lower() in Settings.model_fields else key
        if meant in own:
            words = "it is written in small and in capital letters. Leave one of them."
            twice.append(Fault((meant,), words))
        own[meant] = value
    return own, twice


def _with_full_paths(settings: Settings, path: Path) -> Settings:
    """Start relative paths at the file's folder; those of the demo's file at the current one."""
    base = places.here() if path == DEMO else path.parent
    given = settings.model_fields_set
    folders = {"handlers_dir": full_path(settings.handlers_dir, base)}
    own = places.own_folder()
    if "state_dir" in given:
        folders["state_dir"] = full_path(settings.state_dir, base) / own
    else:
        folders["state_dir"] = places.own_state() / own
    parts = {
        "broker": section_with_full_paths(settings.broker, PATHS, base),
        "chime": section_with_full_paths(settings.chime, ["sound"], base),
    }
    full = settings.model_copy(update=folders | parts)
    # What was not set still counts as not set.
    full.__pydantic_fields_set__.intersection_update(given)
    return full


def section_with_full_paths(section: T, keys: Sequence[str], base: Path) -> T:
    """The section, in which these keys with relative paths start at a folder."""
    paths = {key: getattr(section, key) for key in keys}
    return section.model_copy(
        update={key: full_path(path, base) for key, path in paths.items() if path}
    )


def _plain(value: Any) -> Any:
    """What a handler's table holds, with dates and times as text."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value
