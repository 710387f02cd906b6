"""The span of an event, with the names that people search for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from devices.collector.collector import Attribute, Span
from devices.collector.span_parents import SpanParents

OUTCOME = "handler."
FAILED = ("handler.dead", "handler.retried")
SEARCHABLE = {
    "handler": str,
    "note": str,
    "reason": str,
    "attempt": int,
    "redelivered": bool,
    "received_after_ms": int | float,
    "started_after_ms": int | float,
}


class TracedEvent(Protocol):
    """What a span is made of: a `hub.Event`."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def type(self) -> str:
        """Its type, like `doorbell.pressed`."""

    @property
    def source(self) -> str:
        """The process that published it; its name comes after the last slash."""

    @property
    def door(self) -> str:
        """What it is about."""

    @property
    def stream(self) -> str:
        """Where it was published, without the root."""

    @property
    def time(self) -> datetime:
        """When it happened."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What it carries."""

    @property
    def traceparent(self) -> str:
        """Its place in a trace (W3C Trace Context)."""

    @property
    def cause(self) -> str | None:
        """The id of the event that it follows from."""


def span_of(event: TracedEvent, parents: SpanParents) -> Span:
    """The span of an event, with the ids of its `traceparent`. An outcome spans its attempt.

    Args:
        event: Its data has `took_ms` if it is an outcome.
        parents: The spans of earlier events; this one is remembered there.
    """
    trace, span = event.traceparent.split("-")[1:3]
    name = event.source.rpartition("/")[2]
    is_outcome = event.type.startswith(OUTCOME)
    took_ms = event.data.get("took_ms")
    return Span(
        trace=trace,
        id=span,
        parent=parents.parent(event.id, event.cause, trace, span),
        service=f"doorbell-{name}",
        name=f"{name} {event.data.get('type')}" if is_outcome else event.type,
        ended=event.time,
        took_ms=took_ms if is_outcome and isinstance(took_ms, int | float) else 0.0,
        error=str(event.data.get("reason", "")) if event.type in FAILED else None,
        is_consumer=is_outcome,
        attributes=_attributes(event, is_outcome=is_outcome),
    )


def _attributes(event: TracedEvent, *, is_outcome: bool) -> dict[str, Attribute]:
    """What people search for; `messaging.…` are OpenTelemetry's names (semantic conventions)."""
    attributes: dict[str, Attribute] = {
        "messaging.system": "mqtt",
        "messaging.message.id": event.id,
        "messaging.destination.name": event.stream,
        "doorbell.door": event.door,
        "doorbell.type": str(event.data.get("type")) if is_outcome else event.type,
    }
    if is_outcome:
        attributes["doorbell.outcome"] = event.type.removeprefix(OUTCOME)
    for key, kind in SEARCHABLE.items():
        if isinstance(value := event.data.get(key), kind):
            attributes[f"doorbell.{key}"] = value
    return attributes
