"""Reads topics, addresses and messages, which may contain anything."""

import json
from typing import Any
from urllib.parse import urlsplit


def fault_in_topic(topic: str) -> str | None:
    """Check the topic of one device or sensor (MQTT 5.0, section 4.7).

    Returns:
        What is wrong with it; None if it is a topic without wildcards.
    """
    if not topic or set(topic) & {"+", "#", "\0"}:
        return f"{topic!r}: + and # are not allowed in this topic. Write it in full"
    return None


def fault_in_address(url: str) -> str | None:
    """Check the address of a program with a web interface, without calling it.

    Returns:
        What is wrong with it; None if it is an address.
    """
    try:
        address = urlsplit(url)
        is_one = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:
        is_one = False
    return None if is_one else f"{url!r}: no address. Write it like http://192.168.1.20"


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


def percent(value: object, brightest: float) -> float | None:
    """A brightness in percent; None if it is no number.

    Args:
        value: As the lamp says it.
        brightest: What it says at full brightness.
    """
    level = number(value)
    return None if level is None else round(level / brightest * 100, 1)


def number(value: object) -> float | None:
    """A number of a JSON value; None if it is something else."""
    return float(value) if isinstance(value, int | float) else None
