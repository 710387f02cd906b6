"""Compares messages of other devices with the conditions in `[triggers]`."""

import json
from collections.abc import Mapping
from typing import Any

from config.trigger import Scalar

MISSING = object()  # what `find` returns where there is nothing, because None may be a value


def read_value(payload: bytes) -> Any:
    """The JSON value; the text where it is not JSON."""
    text = payload.decode(errors="replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def find(path: str, value: Any) -> Any:
    """The value at this path, or MISSING. A key that contains the dots itself comes first."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return MISSING
        value = value[key]
    return value


def matches(when: Scalar | Mapping[str, Scalar], value: Any) -> bool:
    """Whether a message's value is the wanted one, or all of the wanted fields are."""
    if isinstance(when, Mapping):
        return all(_is(find(path, value), wanted) for path, wanted in when.items())
    return _is(value, when)


def _is(found: Any, wanted: Scalar) -> bool:
    """Whether a value is the wanted one. 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(wanted, str):
        return _is_word(found, wanted)
    if _is_number(found) and _is_number(wanted):
        return bool(found == wanted)
    return type(found) is type(wanted) and bool(found == wanted)


def _is_word(found: Any, wanted: str) -> bool:
    """Whether a value reads like the wanted text: `on` and `ON`, true and "true", 7 and "7"."""
    return isinstance(found, str | int | float) and str(found).casefold() == wanted.casefold()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
