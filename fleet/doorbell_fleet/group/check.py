"""What a handler file may not use in a group, because a fleet has no such thing."""

import ast
from collections.abc import Iterator
from pathlib import Path

REFUSED = {
    "quiet": "quiet hours belong to one house, and its hub tells them on its broker",
    "answers": "answer links lead to the page of one house",
    "link": "lamps and plugs are on the broker of one house",
    "pictures": "a picture is published on the broker of one house",
    "keep": "a fleet keeps events in Kafka, by the retention of the topic",
    "producer": "a group publishes by `emit`, in one transaction with the outcome",
    "follower": "a group reads from Kafka",
}
REMEDY = "Run this file at home, or leave it out"


def faults(path: Path) -> Iterator[str]:
    """A line for each public name that has no meaning in a group."""
    try:
        file = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return  # loading it says why
    for line, name in _names(file):
        if why := REFUSED.get(name):
            yield f"{path.name}, line {line}: hub.{name}: {why}. {REMEDY}"


def _names(file: ast.Module) -> Iterator[tuple[int, str]]:
    """The lines of a file, and the names of hub that it uses there."""
    for node in ast.walk(file):
        if isinstance(node, ast.ImportFrom) and node.module == "hub":
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hub":
            yield node.lineno, node.attr
