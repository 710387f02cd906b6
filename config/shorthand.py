"""What people write for short in a table of the settings, and what they mean by it."""

import json
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

LISTS = {list, tuple, set, frozenset}
NUMBERS = {int, float}


def written_out(table: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """A table as its model takes it, and the tables within it, whatever their models derive from.

    A text where a list belongs is a list of one. A number is no time of day: pydantic takes 7 as
    seven seconds after midnight. And true is no number: pydantic takes it as 1.

    Args:
        table: What was written.
        model: The model of the table.
    """
    fields = model.model_fields
    return {
        key: _value(value, fields[key].annotation) if key in fields else value
        for key, value in table.items()
    }


def kinds(annotation: Any) -> set[Any]:
    """The types that an annotation like `list[str] | None` allows, lists and keys left closed."""
    if get_origin(annotation) in LISTS:
        return {get_origin(annotation)}
    if get_origin(annotation) is Annotated:
        return kinds(get_args(annotation)[0])
    inner = get_args(annotation)
    if get_origin(annotation) is dict:
        inner = inner[1:]
    return set().union(*map(kinds, inner)) if inner else {annotation}


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation like `Broker`, `Broker | None` or `dict[str, Door]`."""
    return next(filter(_is_model, kinds(annotation)), None)


def values_of_names(annotation: Any) -> Any:
    """`Door` of `dict[str, Door]`, maybe with `| None`; None of what is no table of names."""
    tables = (one for one in (annotation, *get_args(annotation)) if get_origin(one) is dict)
    return next((get_args(one)[1] for one in tables), None)


def _value(value: Any, annotation: Any) -> Any:
    known = kinds(annotation)
    if isinstance(value, str) and known & LISTS and str not in known:
        return _as_list(value)
    if isinstance(value, Mapping):
        return _as_table(value, annotation)
    if isinstance(value, bool) and known & NUMBERS and bool not in known:
        return str(value).lower()
    return _no_number(value) if time in known else value


def _as_table(value: Mapping[Any, Any], annotation: Any) -> Mapping[Any, Any]:
    if named := values_of_names(annotation):
        return {key: _value(one, named) for key, one in value.items()}
    model = model_in(annotation)
    return written_out(value, model) if model else value


def _as_list(text: str) -> list[Any]:
    """A text as a list of one, unless it is a list as JSON, as a variable holds it."""
    if text.startswith("["):
        try:
            return list(json.loads(text))
        except (ValueError, RecursionError):
            pass
    return [text]


def _no_number(value: Any) -> Any:
    """A time of day as it is written; a text that is none where it is a number."""
    return "a number" if isinstance(value, int | float) else value


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
