"""How deep tables and lists may lie within each other: Python follows them by recursion."""

from collections.abc import Mapping
from typing import Any

DEEPEST = 32
TOO_DEEP = "tables or lists lie too deep within each other. Leave some of them out"


def too_deep(value: Any) -> tuple[str, ...]:
    """The path to where tables and lists lie too deep in a value; empty if they do not."""
    left: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while left:
        path, here = left.pop()
        if len(path) > DEEPEST:
            return path
        if isinstance(here, Mapping):
            left += [((*path, key), one) for key, one in here.items()]
        elif isinstance(here, list):
            left += [((*path, ""), one) for one in here]
    return ()
