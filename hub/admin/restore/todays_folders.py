"""Puts the folders of today into the settings of a backup, which may come from another machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config import SettingsError
from config.toml import toml_file
from hub.admin.backup.manifest import BackupError
from hub.admin.setup.toml_edit import amended, put, set_value

FOLDERS: tuple[tuple[str, ...], ...] = (
    ("state_dir",),
    ("handlers_dir",),
    ("broker", "password_dir"),
    ("handlers", "record", "folder"),
)


def put_todays_folders(draft: Path, config: Path) -> None:
    """Change the settings of a backup, which have no faults; their comments stay.

    Args:
        draft: Where they are now.
        config: Where they will be. A folder that the file there does not set is left out.

    Raises:
        BackupError: the settings cannot be changed, or the file of today is not TOML.
    """
    today = _read(config) if config.exists() else {}
    text = toml_file.read_text(config, draft)
    wanted = toml_file.parse(text, config.name)
    changes = {keys: _value(today, keys) for keys in FOLDERS}
    changes = {keys: value for keys, value in changes.items() if value != _value(wanted, keys)}
    for keys, value in changes.items():
        put(wanted, keys, value, dict, set_value)
    new = amended(text, changes, wanted)
    if new is None:
        hint = "Restore it without --here, and change them afterwards"
        raise BackupError(f"the folders in its settings cannot be changed. {hint}")
    draft.write_text(new, encoding="utf-8")


def _read(config: Path) -> dict[str, Any]:
    try:
        return toml_file.read(config)
    except SettingsError as error:
        faults = " ".join(error.faults)
        hint = "Mend that file first, or restore without --here"
        raise BackupError(f"today's folders are not known: {config}: {faults} {hint}") from None


def _value(table: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table
