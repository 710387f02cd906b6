"""The settings in force as TOML, with nothing in it that must stay secret."""

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

MASK = "********"
SECRET_KEY = re.compile(r"password(?!_dir)|passwd|secret|token|api_?key|credential", re.IGNORECASE)


def settings_in_force(settings: Settings) -> str:
    """TOML of everything, the handlers' defaults included."""
    tables = {key: value for key, value in settings.model_dump().items() if key != "handlers"}
    handlers: dict[str, Any] = {}
    notes = []
    files = Inspection(settings)
    for name, path in loader.find(settings).items():
        try:
            handlers[name] = files.of(path).config.model_dump()
        except SettingsError as error:
            notes += [f"# {fault}" for fault in error.faults]
    return tomli_w.dumps(_masked(tables | {"handlers": handlers})) + "\n".join(notes)


def as_written(table: Mapping[str, Any], settings: Settings | None) -> str:
    """TOML of a settings file's own tables, secrets masked; without its comments, which may hold some, too.

    Args:
        table: What the file says.
        settings: The same, checked; None when it is faulty, and then every text of a handler's may be a secret.
    """
    handlers = {
        name: _hidden(mine, _typed(name, settings))
        for name, mine in table.get("handlers", {}).items()
    }
    shown = {**table, "handlers": handlers} if handlers else table
    return tomli_w.dumps(_masked(shown))


def _typed(name: str, settings: Settings | None) -> Any:
    """A handler's settings with their types, which tell what is secret."""
    try:
        return (
            Inspection(settings).of(loader.locate(name, settings)).config.model_dump()
            if settings
            else None
        )
    except SettingsError:
        return None


def _hidden(value: Any, typed: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _hidden(item, typed.get(key) if isinstance(typed, Mapping) else None)
            for key, item in value.items()
        }
    if isinstance(value, list):
        known = (
            typed
            if isinstance(typed, list | tuple) and len(typed) == len(value)
            else [None] * len(value)
        )
        return [_hidden(item, one) for item, one in zip(value, known, strict=True)]
    if isinstance(value, str):
        return MASK if typed is None or isinstance(typed, SecretStr) else value
    return value


def _masked(value: Any, key: str = "") -> Any:
    """Only what TOML can say; what is not set is left out."""
    if isinstance(value, SecretStr) or (SECRET_KEY.search(key) and value is not None):
        return MASK
    if isinstance(value, Mapping):
        return {str(k): _masked(v, str(k)) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, key) for item in value if item is not None]
    if isinstance(value, str):
        return without_password(value, MASK)
    return value if isinstance(value, bool | int | float | datetime | date | time) else str(value)
