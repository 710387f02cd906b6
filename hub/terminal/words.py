"""Words for people: counts."""


def count(number: int, thing: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {thing}{'s' * (number != 1)}"
