"""What comes over the wire is somebody else's text."""

import json
from typing import Any


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
