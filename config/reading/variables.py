"""The environment variables that are settings, and which of them set a key."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from config.reading.depth import too_deep

PREFIX = "DOORBELL_"
OTHER_VARIABLES = ("BOOT", "CONFIG", "LIVE", "OWN_FOLDER", "SUPERVISED", "TALK")


class Variable(NamedTuple):
    """A variable like `DOORBELL_BROKER__HOST`.

    Attributes:
        name: As it is in the environment.
        path: The table and key that it sets, like broker and host.
        text: What it holds.
    """

    name: str
    path: tuple[str, ...]
    text: str


def variables() -> Iterator[Variable]:
    """All that are settings, those of a table before those of its keys."""
    for name, text in sorted(os.environ.items()):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in OTHER_VARIABLES:
            yield Variable(name, tuple(name.removeprefix(PREFIX).lower().split("__")), text)


def in_small_letters() -> list[str]:
    """The names that begin as ours do, but for their capital letters."""
    return sorted(
        name
        for name in os.environ
        if name.upper().startswith(PREFIX) and not name.startswith(PREFIX)
    )


def setter_of(path: Sequence[str]) -> str:
    """The variable that sets a key, maybe in a table as JSON; empty if none does."""
    found = ""
    for variable in variables():
        for end in range(len(variable.path), len(path) + 1):
            if tuple(path[:end]) in _keys_set(variable):
                found = variable.name
    return found


def setter_below(path: Sequence[str]) -> str:
    """A variable that sets a key in a table; empty if none does."""
    return next((one.name for one in variables() if one.path[: len(path)] == tuple(path)), "")


def json_in(text: str) -> Any:
    """What a text says as JSON; the text itself if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _keys_set(variable: Variable) -> set[tuple[str, ...]]:
    value = json_in(variable.text)
    if not isinstance(value, Mapping) or not value or too_deep(value):
        return {variable.path}
    return {(*variable.path, *keys) for keys in _keys_in(value)}


def _keys_in(table: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from ((key, *below) for below in _keys_in(value))
        else:
            yield (key,)
