"""Settings in the environment, like `DOORBELL_BROKER__HOST=…`, with two underscores for a level."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from config.depth import TOO_DEEP, too_deep
from config.faults import suggest
from config.shorthand import LISTS, kinds, model_in, values_of_names
from config.variables import OTHER_VARIABLES, PREFIX, Variable, json_in, variables

NO_TABLE = "not JSON. Write the table as JSON, or set its keys one by one."
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
    found = Environment({}, [], [])
    known = [PREFIX + name.upper() for name in (*model.model_fields, *OTHER_VARIABLES)]
    for variable in variables():
        if variable.path[0] not in model.model_fields:
            hint = suggest(variable.name.partition("__")[0], known)
            found.faults.append(f"{variable.name}: unknown variable.{hint}")
        elif fault := _take(variable, model, found.table):
            found.faults.append(f"{variable.name}: {fault}")
            found.lost.append(variable.path)
    return found


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


def _take(variable: Variable, model: type[BaseModel], table: dict[str, Any]) -> str:
    """Put what a variable sets into the table.

    Returns:
        What is wrong with it; empty if nothing is.
    """
    annotation: Any = model
    for number, part in enumerate(variable.path):
        if not _is_table(annotation):
            name = PREFIX + "__".join(variable.path[:number]).upper()
            return f"unknown variable. Did you mean '{name}'?"
        annotation = _below(annotation, part)
    value: Any = _value(variable.text, annotation)
    if isinstance(value, str) and str not in kinds(annotation) and _needs_table(annotation):
        return NO_TABLE
    if too_deep(value):
        return f"{TOO_DEEP}."
    for part in reversed(variable.path):
        value = {part: value}
    table.update(merged(table, value))
    return ""


def _value(text: str, annotation: Any) -> Any:
    """What a text means where this type is expected; a text below `handlers` stays one."""
    types = kinds(annotation)
    if not (_needs_table(annotation) or types & LISTS):
        return text
    value = json_in(text)
    return value if isinstance(value, list | dict) or types & SCALARS else text


def _is_table(annotation: Any) -> bool:
    return annotation is Any or bool(values_of_names(annotation) or model_in(annotation))


def _needs_table(annotation: Any) -> bool:
    return annotation is not Any and _is_table(annotation)


def _below(annotation: Any, key: str) -> Any:
    """The type of a key; Any where it is unknown, for which the model has the words."""
    if named := values_of_names(annotation):
        return named
    model = model_in(annotation)
    known = model.model_fields.get(key) if model else None
    return known.annotation if known else Any
