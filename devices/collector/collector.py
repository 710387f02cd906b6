"""A collector of traces, and the spans that it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from devices.device_error import DeviceError

Attribute = str | bool | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that took some time, as a part of a trace (OpenTelemetry, Trace API).

    Attributes:
        trace: The trace's id: 32 hexadecimal digits.
        id: The span's id: 16 hexadecimal digits.
        parent: The id of the span that caused it; None for the root of a trace.
        service: The name of the process.
        name: What was done.
        ended: When it ended, with its time zone.
        took_ms: How long it took, in milliseconds.
        error: Why it failed; None if it did not.
        is_consumer: Whether it handled a message; otherwise it published one.
        attributes: What people can search for.
    """

    trace: str
    id: str
    parent: str | None
    service: str
    name: str
    ended: datetime
    took_ms: float = 0.0
    error: str | None = None
    is_consumer: bool = False
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


class CollectorAwayError(DeviceError, ConnectionError):
    """The collector did not take a span. Another attempt later may succeed."""


class Collector(Protocol):
    """Something that takes spans."""

    def send(self, span: Span) -> None:
        """Send a span, and wait until the collector has taken it.

        Raises:
            CollectorAwayError: The collector did not take it. Another attempt later may succeed.
        """

    def close(self) -> None:
        """Close the connection."""
