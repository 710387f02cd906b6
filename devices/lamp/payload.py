"""What comes over the wire is somebody else's text."""

import json
from typing import Any


def fault_in_topic(topic: str) -> str | None:
    """Why this is not one thing's topic; None when it is (MQTT 5.0, 4.7)."""
    if not topic or set(topic) & {"+", "#", "\0"}:
        return f"{topic!r}: + and # are no part of a topic. Write it in full"
    return None


def json_value(text: str | None) -> Any:
    """What it says; None when it says nothing that can be read."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def json_object(text: str | None) -> dict[str, Any]:
    """The same; empty when it is no object."""
    value = json_value(text)
    return value if isinstance(value, dict) else {}
