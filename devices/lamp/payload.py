"""Reads topics, addresses and messages, which may contain anything."""

import json
from typing import Any


def fault_in_topic(topic: str) -> str | None:
    """Check the topic of one device or sensor (MQTT 5.0, section 4.7).

    Returns:
        What is wrong with it; None if it is a topic without wildcards.
    """
    if not topic or set(topic) & {"+", "#", "\0"}:
        return f"{topic!r}: + and # are not allowed in this topic. Write it in full"
    return None


def fault_in_address(url: str) -> str | None:
    """Check an address without calling it.

    Returns:
        What is wrong with it; None if it is an address.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/"):
        return f"{url!r}: no address. Write it like http://192.168.1.20"
    return None


def json_value(text: str | None) -> Any:
    """The JSON value in a text; None if there is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def json_object(text: str | None) -> dict[str, Any]:
    """The JSON object in a text; an empty one if there is none."""
    value = json_value(text)
    return value if isinstance(value, dict) else {}


def number(value: object) -> float | None:
    """A number of a JSON value; None if it is something else."""
    return float(value) if isinstance(value, int | float) else None
