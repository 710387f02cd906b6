"""Show events as OpenTelemetry traces (Jaeger, Grafana Tempo, …): one span for each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from devices.collector import Collector, SpanParents, fault_in_collector, open_collector, span_of
from hub import Event, HandlerConfig, handler


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
def telemetry(event: Event, config: Config, traces: Traces) -> str | None:
    """Send the event's span, except for the outcomes of this handler itself."""
    if event.source.endswith("/telemetry"):
        return None
    traces.collector.send(span_of(event, traces.parents))
    return "sent to the collector"
