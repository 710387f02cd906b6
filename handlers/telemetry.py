"""Show events as traces in OpenTelemetry (Jaeger, Grafana Tempo, …): one span for each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from devices.collector import Collector, Span, SpanParents, fault_in_collector, open_collector
from hub import Event, HandlerConfig, handler

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


class Config(HandlerConfig):
    """Settings of `telemetry`."""

    enabled: bool = False
    endpoint: str = Field("http://localhost:4318", description="without /v1/traces")
    headers: dict[str, SecretStr] = Field({}, description="sent along, like authorization")

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an address of a collector. Write http://HOST:4318")
        return endpoint.rstrip("/")

    def check(self) -> list[str]:
        """Find that OpenTelemetry is missing."""
        fault = fault_in_collector() if self.enabled else None
        return [f"enabled: {fault}, or set it to false"] if fault else []


class Traces(NamedTuple):
    """Where spans go, and what they hang under."""

    collector: Collector
    parents: SpanParents


@contextmanager
def open_traces(config: Config) -> Iterator[Traces]:
    """Open the way to the collector."""
    headers = {name: value.get_secret_value() for name, value in config.headers.items()}
    with open_collector(config.endpoint, headers) as collector:
        yield Traces(collector, SpanParents())


@handler("*", timeout_s=20, attempts=4, backoff_s=10, uses=open_traces)
def telemetry(event: Event, config: Config, traces: Traces) -> str | None:  # noqa: ARG001 - its shape
    """Send the event's span, except for the outcomes of this handler itself."""
    if event.source.endswith("/telemetry"):
        return None
    traces.collector.send(_span(event, traces.parents))
    return "sent to the collector"


def _span(event: Event, parents: SpanParents) -> Span:
    """The span of an event, with the ids of its `traceparent`. An outcome spans its attempt."""
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


def _attributes(event: Event, *, is_outcome: bool) -> dict[str, str | bool | int | float]:
    """What people search for; `messaging.…` are OpenTelemetry's names (semantic conventions)."""
    attributes: dict[str, str | bool | int | float] = {
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
