"""Show presses as traces in OpenTelemetry (Jaeger, Grafana Tempo, …): a span for each event and each attempt at one."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from hub import Event, HandlerConfig, handler

if TYPE_CHECKING:  # loaded when it is switched on only: it is an extra, and 20 MB
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

OUTCOMES = "handler."
FAILED = ("handler.dead", "handler.retried")
REMEMBERED = 5000  # events whose spans may still become parents
TIMEOUT_S = 5.0
MS = 1_000_000  # nanoseconds
TOLD = ("attempt", "redelivered", "received_after_ms", "started_after_ms")


class Config(HandlerConfig):
    """Settings of `telemetry`."""

    enabled: bool = False
    endpoint: str = Field(
        "http://localhost:4318", description="an OTLP/HTTP collector, without /v1/traces"
    )
    headers: dict[str, SecretStr] = Field(
        {}, description="sent with each request, like authorization"
    )

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an address of a collector. Write http://HOST:4318")
        return endpoint.rstrip("/")

    def check(self) -> list[str]:
        """Without the library nothing can be sent."""
        if not self.enabled or _is_installed():
            return []
        return [
            "enabled: this needs OpenTelemetry. Install doorbell-hub[otel] where doorbell is, or set it to false"
        ]


def _is_installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


class Spans:
    """Makes spans of events. Their ids are those of the events' `traceparent`; a span's parent is that of the cause."""

    def __init__(self, exporter: "SpanExporter") -> None:
        self._exporter = exporter
        self._spans: OrderedDict[str, str] = (
            OrderedDict()
        )  # by an event's id, and by a trace's: its first span

    def export(self, event: Event) -> None:
        """Send it.

        Raises:
            ConnectionError: the collector does not take it.
        """
        from opentelemetry.sdk.trace.export import SpanExportResult

        span = self._span(event)
        if self._exporter.export([span]) is not SpanExportResult.SUCCESS:
            raise ConnectionError("the collector does not take it")

    def _span(self, event: Event) -> "ReadableSpan":
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanKind, Status, StatusCode

        trace, span = event.traceparent.split("-")[1:3]
        parent = self._parent(event, trace)
        end = int(event.time.timestamp() * 1_000_000) * 1000
        is_outcome = event.type.startswith(OUTCOMES)
        name = event.source.rpartition("/")[2]
        failed = (
            Status(StatusCode.ERROR, str(event.data.get("reason", "")))
            if event.type in FAILED
            else Status()
        )
        return ReadableSpan(
            name=f"{name} {event.data.get('type')}" if is_outcome else event.type,
            context=_context(trace, span),
            parent=_context(trace, parent) if parent else None,
            resource=Resource(
                {"service.name": f"doorbell-{name}", "service.namespace": "doorbell"}
            ),
            attributes=_attributes(event),
            kind=SpanKind.CONSUMER if is_outcome else SpanKind.PRODUCER,
            status=failed,
            start_time=end - int(_number(event.data.get("took_ms")) * MS) if is_outcome else end,
            end_time=end,
        )

    def _parent(self, event: Event, trace: str) -> str | None:
        """The cause's span; where nobody else heard of the cause (`later`), or we forgot it, the trace's first."""
        span = event.traceparent.split("-")[2]
        first = self._spans.setdefault(trace, span)
        self._spans[event.id] = span
        while len(self._spans) > REMEMBERED:
            self._spans.popitem(last=False)
        parent = self._spans.get(event.cause, first) if event.cause else None
        return parent if parent != span else None


@contextmanager
def collector(config: Config) -> Iterator[Spans]:
    """The way to the collector."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    headers = {name: value.get_secret_value() for name, value in config.headers.items()}
    exporter = OTLPSpanExporter(f"{config.endpoint}/v1/traces", headers=headers, timeout=TIMEOUT_S)
    try:
        yield Spans(exporter)
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]


@handler("*", timeout_s=20, attempts=4, backoff_s=10, uses=collector)
def telemetry(event: Event, config: Config, spans: Spans) -> str | None:  # noqa: ARG001 - a handler's signature
    """Send its span. How this handler itself fares is no news for the collector."""
    if event.source.endswith("/telemetry"):
        return None
    spans.export(event)
    return "sent to the collector"


def _context(trace: str, span: str) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(
        int(trace, 16), int(span, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _attributes(event: Event) -> Mapping[str, Any]:
    """What people search for; `messaging.…` is OpenTelemetry's own name for it (semantic conventions, messaging)."""
    data = event.data
    told = {
        f"doorbell.{key}": data[key]
        for key in TOLD
        if isinstance(data.get(key), bool | int | float)
    }
    words = {
        f"doorbell.{key}": data[key]
        for key in ("handler", "note", "reason")
        if isinstance(data.get(key), str)
    }
    about = str(data.get("type")) if event.type.startswith(OUTCOMES) else event.type
    return {
        "messaging.system": "mqtt",
        "messaging.message.id": event.id,
        "messaging.destination.name": event.topic,
        "doorbell.door": event.door,
        "doorbell.type": about,
        **(
            {"doorbell.outcome": event.type.removeprefix(OUTCOMES)}
            if event.type.startswith(OUTCOMES)
            else {}
        ),
        **told,
        **words,
    }


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
