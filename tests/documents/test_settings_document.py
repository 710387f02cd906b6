"""docs/settings.md holds every setting that there is, with its default and its limits."""

import json
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config import House, LedSettings, Settings
from config.tables.trigger import Trigger
from hub import HandlerConfig
from hub.plugin import loader
from tests.house import ROOT

TEXT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
WORDS = {Ge: "≥ {}", Gt: "> {}", Le: "≤ {}", Lt: "< {}"}


@cache
def _tables() -> dict[str, type[BaseModel]]:
    """Every table of `doorbell.toml` and what may stand in it."""
    tables: dict[str, type[BaseModel]] = {
        "": Settings,
        "doors.NAME.led": LedSettings,
        "triggers.NAME": Trigger,
    }
    for name in [*Settings.model_fields]:
        kind = Settings.model_fields[name].annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            tables[name] = kind
    door = get_args(Settings.model_fields["doors"].annotation)[1]
    tables |= {"doors.NAME": door, "doors.NAME.button": door.model_fields["button"].annotation}
    tables["handlers.NAME"] = HandlerConfig
    settings = Settings(house=House(latitude=52.5, longitude=13.4))
    for path in sorted(loader.SHIPPED.glob("*.py")):
        model = type(loader.load(path, settings).config)
        tables[f"handlers.{path.stem}"] = model
        for key, field in model.model_fields.items():
            for part in get_args(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    named = ".NAME" if get_origin(field.annotation) is dict else ""
                    tables[f"handlers.{path.stem}.{key}{named}"] = part
    return tables


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"`{value:g}`" if value < 1e5 else f"`{value:.0f}`"
    if value and isinstance(value, dict | list):
        return "some"
    return f'`"{value}"`' if isinstance(value, str | Path) and str(value) else "none"


def _limits(field: FieldInfo) -> str:
    """What may be written: `0 … 5`, one of some words, or a kind."""
    kind: Any = field.annotation
    if NoneType in get_args(kind):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{json.dumps(word)}`" for word in get_args(kind))
    bounds = [
        WORDS[type(one)].format(_number(getattr(one, type(one).__name__.lower())))
        for one in field.metadata
        if type(one) in WORDS
    ]
    return ", ".join(bounds) or {bool: "true, false", SecretStr: "text"}.get(kind, "")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def row(name: str, field: FieldInfo) -> str:
    """How its row begins."""
    return f"| `{name}` | {_default(field)} | {_limits(field)} |"


def _own(table: str, model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The table's own settings, without sub-tables and what all handlers have."""
    everywhere = (
        HandlerConfig.model_fields
        if issubclass(model, HandlerConfig) and table != "handlers.NAME"
        else ()
    )
    below = f"{table}." if table else ""
    tables = {
        other.removeprefix(below).split(".")[0] for other in _tables() if other.startswith(below)
    }
    inner = tables if table in ("", "doors.NAME") else set()
    return {
        name: field
        for name, field in model.model_fields.items()
        if name not in {*inner, *everywhere}
    }


def section(table: str) -> str:
    """What stands below the table's heading."""
    head = f"\n## `[{table}]`" if table else "\n## Above all tables"
    assert head in TEXT, table
    return TEXT.split(head, 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("table", _tables())
def test_every_setting_has_its_row(table: str):
    """With default and limits, in the section of its table; and each row is of a setting."""
    wanted = _own(table, _tables()[table])
    here = section(table)
    rows = [line for line in here.splitlines() if line.startswith("| `")]
    assert [
        line
        for name, field in wanted.items()
        if not any(r.startswith(line := row(name, field)) for r in rows)
    ] == []
    assert {line.split("`")[1] for line in rows} == set(wanted)


def test_every_section_is_a_table():
    """No section is of something that is not there."""
    heads = [
        line.split("`")[1].strip("[]") for line in TEXT.splitlines() if line.startswith("## `[")
    ]
    assert heads == sorted(set(heads), key=heads.index)
    assert set(heads) == {table for table in _tables() if table}
