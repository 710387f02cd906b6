"""Numbers as people read them: counts and times."""

from typing import Any

HISSING = ("s", "x", "z", "ch", "sh")
MS_IN_S = 1000
TEN_MINUTES_S = 600


def count(number: int, thing: str) -> str:
    """`1 event`, `2 events`, `3 presses`, `4 glitches`, `5 entries`."""
    if number == 1:
        return f"{number} {thing}"
    return f"{number} {_plural(thing)}"


def milliseconds(value: Any) -> str:
    """A time in milliseconds: `12.3 ms`, `4.5 s`, `3 h 12 min`; `?` for what is not a number."""
    if not isinstance(value, int | float):
        return "?"
    seconds = value / MS_IN_S
    if seconds < 1:
        return f"{value:.1f} ms"
    if seconds < TEN_MINUTES_S:
        return f"{seconds:.1f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 / 60:.0f} min"


def _plural(thing: str) -> str:
    if thing.endswith(HISSING):
        return f"{thing}es"
    if thing.endswith("y") and thing[-2:-1] not in "aeiou":
        return f"{thing[:-1]}ies"
    return f"{thing}s"
