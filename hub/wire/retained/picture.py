"""The picture on the wire: a JPEG, and with MQTT 5 user properties that say what it shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.system.clock import rfc3339

JPEG = "image/jpeg"
# Less than any broker takes that we know of; AWS IoT has the lowest limit, 131,072 with the topic.
MOST_BYTES = 120_000


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture shows.

    Attributes:
        event: The id of the press, or of another event; empty when it was taken on demand.
        time: When that was.
    """

    event: str
    time: datetime

    def user_properties(self) -> list[tuple[str, str]]:
        """The user properties of its message (MQTT 5, 3.3.2.3.7)."""
        found = [("time", rfc3339(self.time, "milliseconds"))]
        return [("event", self.event), *found] if self.event else found


def headers_schema() -> dict[str, Any]:
    """The user properties as a JSON schema."""
    return {
        "type": "object",
        "description": "MQTT 5 user properties; MQTT 3.1.1 has none.",
        "required": ["time"],
        "properties": {
            "event": {
                "type": "string",
                "description": "The id of the press; absent when it was taken on demand.",
            },
            "time": {"type": "string", "format": "date-time"},
        },
    }
