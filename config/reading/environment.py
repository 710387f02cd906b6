"""Settings in the environment, like `DOORBELL_BROKER__HOST=…`: two underscores for a level."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from config.faults import suggest
from config.reading.depth import TOO_DEEP, too_deep
from config.reading.variables import (
    OTHER_VARIABLES,
    PREFIX,
    Variable,
    in_small_letters,
    json_in,
    variables,
)
from config.shorthand import LISTS, kinds, model_in, values_of_names

NO_TEXT = "a letter is not UTF-8. Save the file that sets it as UTF-8."
NO_TABLE = "not JSON. Write the table as JSON, or set its keys one by one."
SURROGATE = re.compile("[\ud800-\udfff]")  # what Python makes of a byte that is not UTF-8
SCALARS = {int, float, bool}


class Environment(NamedTuple):
    """What the environment sets.

    Attributes:
        table: Its tables and keys.
        faults: One line for each fault.
        lost: The tables and keys that these faults have cost.
    """

    table: dict[str, Any]
    faults: list[str]
    lost: list[tuple[str, ...]]


def read(model: type[BaseModel]) -> Environment:
    """Read all variables. A list or table in one is JSON; a list of one may be a plain text."""
    faults = [f"{name}: write it in capital letters." for name in in_small_letters()]
    lost: list[tuple[str, ...]] = []
    sound: list[Variable] = []
    for variable in variables():
        annotation, fault = _meant_by(variable, model)
        if not fault and (fault := _fault_in(variable.text, annotation)):
            lost.append(variable.path)
        if fault:
            faults.append(f"{variable.name}: {fault}")
        else:
            sound.append(variable)
    return Environment(_table(model, sound) if sound else {}, faults, lost)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables and keys of both; what is above wins, key by key."""
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            both[key] = merged(old, value)
        else:
            both[key] = value
    return both


def _table(model: type[BaseModel], sound: Sequence[Variable]) -> dict[str, Any]:
    """The tables and keys of variables without faults."""
    # 7 MB, which a house without such variables need not load.
    from pydantic_settings import BaseSettings, EnvSettingsSource  # noqa: PLC0415

    class Sources(BaseSettings, model, defer_build=True):  # type: ignore[valid-type, misc]
        pass  # only its fields are read: the model itself checks the values

    class Reader(EnvSettingsSource):
        def decode_complex_value(self, _: str, field: Any, value: Any) -> Any:
            """What a text means where more than a text may stand; below `handlers` it stays one."""
            found = json_in(value)
            types = kinds(getattr(field, "annotation", field))
            return found if isinstance(found, list | dict) or types & SCALARS else value

    reader = Reader(Sources, env_prefix=PREFIX, env_nested_delimiter="__")
    reader.env_vars = {one.name.lower(): one.text for one in sound}
    return reader()


def _meant_by(variable: Variable, model: type[BaseModel]) -> tuple[Any, str]:
    """The type of the key that a variable sets; what is wrong with its name, or nothing."""
    if variable.path[0] not in model.model_fields:
        known = [PREFIX + name.upper() for name in (*model.model_fields, *OTHER_VARIABLES)]
        return Any, f"unknown variable.{suggest(variable.name.partition('__')[0], known)}"
    annotation: Any = model
    for number, part in enumerate(variable.path):
        if not _is_table(annotation):
            name = PREFIX + "__".join(variable.path[:number]).upper()
            return Any, f"unknown variable. Did you mean '{name}'?"
        annotation = _below(annotation, part)
    return annotation, ""


def _fault_in(text: str, annotation: Any) -> str:
    """Why a text cannot be a value of this type at all, or nothing; the model knows the rest."""
    if not text.isascii() and SURROGATE.search(text):
        return NO_TEXT
    is_table = annotation is not Any and _is_table(annotation)
    if not (is_table or kinds(annotation) & LISTS):
        return ""
    value = json_in(text)
    if is_table and not isinstance(value, Mapping) and str not in kinds(annotation):
        return NO_TABLE
    return f"{TOO_DEEP}." if too_deep(value) else ""


def _is_table(annotation: Any) -> bool:
    return annotation is Any or bool(values_of_names(annotation) or model_in(annotation))


def _below(annotation: Any, key: str) -> Any:
    """The type of a key; Any where it is unknown, for which the model has the words."""
    if named := values_of_names(annotation):
        return named
    model = model_in(annotation)
    known = model.model_fields.get(key) if model else None
    return known.annotation if known else Any
