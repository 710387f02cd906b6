"""The settings in force as TOML, with nothing in it that must stay secret."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import tomli_w
from pydantic import SecretStr

from config import Settings, SettingsError
from hub import loader

MASK = "********"
URL_PASSWORD = re.compile(r"//[^/\s]*@")
SECRET_KEY = re.compile(r"password(?!_dir)|passwd|secret|token|api_?key|credential", re.IGNORECASE)


def settings_in_force(settings: Settings) -> str:
    """TOML of everything, the handlers' defaults included."""
    tables = {key: value for key, value in settings.model_dump().items() if key != "handlers"}
    handlers: dict[str, Any] = {}
    notes = []
    for name, path in loader.find(settings).items():
        try:
            handlers[name] = loader.load(path, settings).config.model_dump()
        except SettingsError as error:
            notes += [f"# {fault}" for fault in error.faults]
    return tomli_w.dumps(_masked(tables | {"handlers": handlers})) + "\n".join(notes)


def _masked(value: Any, key: str = "") -> Any:
    """Only what TOML can say; what is not set is left out."""
    if isinstance(value, SecretStr) or (SECRET_KEY.search(key) and value is not None):
        return MASK
    if isinstance(value, Mapping):
        return {str(k): _masked(v, str(k)) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, key) for item in value if item is not None]
    if isinstance(value, str):
        return URL_PASSWORD.sub(f"//{MASK}@", value)
    return value if isinstance(value, bool | int | float | datetime | date | time) else str(value)
