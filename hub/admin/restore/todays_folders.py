"""Puts the folders of today into the settings of a backup, which may come from another machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        SettingsError: the file of today is not TOML.
        BackupError: the settings cannot be changed.
    """
    today = toml_file.read(config) if config.exists() else {}
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


def _value(table: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table
