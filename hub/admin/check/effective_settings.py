"""The settings in force as TOML, with secrets masked."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import tomli_w
from pydantic import SecretStr

from config import Settings, SettingsError
from devices.camera import without_password
from hub.admin.check.handler_files import Inspection
from hub.plugin import loader
from hub.plugin.files import author_code
from hub.plugin.loader import HandlerFile

MASK = "********"
SECRET_KEY = re.compile(r"password(?!_dir)|passwd|secret|token|api_?key|credential", re.IGNORECASE)


def settings_in_force(settings: Settings, files: Inspection) -> str:
    """TOML of all settings, the defaults in these handler files included."""
    tables = {key: value for key, value in settings.model_dump().items() if key != "handlers"}
    handlers: dict[str, Any] = {}
    notes = []
    for name, path in sorted(loader.find(settings).items()):
        try:
            handlers[name] = _dumped(files.of(path))
        except SettingsError as error:
            notes += [f"# {fault}" for fault in error.faults]
    return tomli_w.dumps(_masked(tables | {"handlers": handlers})) + "\n".join(notes)


def as_written(table: Mapping[str, Any], files: Inspection | None) -> str:
    """TOML of a settings file's own tables, with secrets masked.

    Its comments are left out, because they may hold secrets as well.

    Args:
        table: What the file says.
        files: The handler files with these settings; None when the settings are faulty. Then every
            text in a handler's table is masked.
    """
    handlers = {
        name: _hidden(mine, _typed(name, files)) for name, mine in table.get("handlers", {}).items()
    }
    shown = {**table, "handlers": handlers} if handlers else table
    return tomli_w.dumps(_masked(shown))


def _typed(name: str, files: Inspection | None) -> Any:
    """A handler's settings with their types, which show what is secret; None where unknown."""
    if files is None:
        return None
    try:
        return _dumped(files.named(name))
    except SettingsError:
        return None


def _dumped(file: HandlerFile) -> dict[str, Any]:
    """A handler's settings as a table; its author may have written how they become one.

    Raises:
        SettingsError: that code raises something.
    """
    with author_code.guarded(file.path):
        return file.config.model_dump()


def _hidden(value: Any, typed: Any) -> Any:
    """The value with secrets masked; `typed` is the same value as the handler sees it."""
    if isinstance(value, Mapping):
        types = typed if isinstance(typed, Mapping) else {}
        return {key: _hidden(item, types.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        is_alike = isinstance(typed, list | tuple) and len(typed) == len(value)
        known = typed if is_alike else [None] * len(value)
        return [_hidden(item, type_) for item, type_ in zip(value, known, strict=True)]
    if isinstance(value, str):
        return MASK if typed is None or isinstance(typed, SecretStr) else value
    return value


def _masked(value: Any, key: str = "") -> Any:
    """As TOML can hold it, with secrets masked; unset values are left out."""
    if isinstance(value, SecretStr) or (SECRET_KEY.search(key) and value is not None):
        return MASK
    if isinstance(value, Mapping):
        return {str(k): _masked(v, str(k)) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, key) for item in value if item is not None]
    if isinstance(value, str):
        return without_password(value, MASK)
    return value if isinstance(value, bool | int | float | datetime | date | time) else str(value)
