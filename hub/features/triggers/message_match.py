"""Compares messages of other devices with the conditions in `[triggers]`."""

import json
from collections.abc import Mapping
from typing import Any

from config.tables.trigger import Scalar, Wanted

PLACE_DIGITS = 6  # of a place in a list
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
        value = _inside(value, key)
        if value is MISSING:
            return MISSING
    return value


def matches(when: Wanted | Mapping[str, Wanted], value: Any) -> bool:
    """Whether a message's value is a wanted one, or all of the wanted fields are."""
    if isinstance(when, Mapping):
        return all(_is_any(find(path, value), wanted) for path, wanted in when.items())
    return _is_any(value, when)


def _inside(value: Any, key: str) -> Any:
    """What an object has under this key, or a list in this place, from 0."""
    if isinstance(value, Mapping):
        return value.get(key, MISSING)
    if isinstance(value, list) and key.isdecimal() and len(key) < PLACE_DIGITS:
        place = int(key)
        return value[place] if place < len(value) else MISSING
    return MISSING


def _is_any(found: Any, wanted: Wanted) -> bool:
    """Whether a value is the wanted one, or one of several."""
    if isinstance(wanted, list):
        return any(_is(found, one) for one in wanted)
    return _is(found, wanted)


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
