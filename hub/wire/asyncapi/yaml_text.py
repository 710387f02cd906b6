"""Writes a document as YAML: blocks of keys, and JSON where a value fits into a line."""

import json
import re
from typing import Any

LINE = 100
PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def yaml_text(document: dict[str, Any]) -> str:
    """The document as text."""
    return "".join(f"{line}\n" for line in _block(document, 0))


def _block(value: Any, depth: int) -> list[str]:
    space = "  " * depth
    lines = []
    for key, inner in value.items():
        head = f"{space}{_key(key)}:"
        lines += _entry(head, inner, depth)
    return lines


def _entry(head: str, value: Any, depth: int) -> list[str]:
    inline = f"{head} {_flow(value)}"
    is_leaf = not isinstance(value, dict | list) or not value
    if is_leaf or (len(inline) <= LINE and depth > 1):
        return [inline]
    if isinstance(value, dict):
        return [head, *_block(value, depth + 1)]
    space = "  " * (depth + 1)
    return [head, *(f"{space}- {_flow(one)}" for one in value)]


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if PLAIN_KEY.fullmatch(key) else json.dumps(key)
