"""A collector that takes OTLP over HTTP, through OpenTelemetry's SDK."""

from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from devices.collector.collector import CollectorAwayError, Span

NAMESPACE = "doorbell"
NS_PER_MS = 1_000_000


class OtlpCollector:
    """Sends each span at once.

    Args:
        exporter: OpenTelemetry's exporter.
        address: The collector's host and port, for errors.
    """

    def __init__(self, exporter: SpanExporter, address: str) -> None:
        self._exporter = exporter
        self._address = address

    @classmethod
    def connect(cls, endpoint: str, headers: Mapping[str, str], timeout_s: float) -> Self:
        """See `devices.collector.open_collector`."""
        url = f"{endpoint}/v1/traces"
        address = urlsplit(endpoint).netloc.rpartition("@")[2]
        return cls(OTLPSpanExporter(url, headers=dict(headers), timeout=timeout_s), address)

    def send(self, span: Span) -> None:
        """See Collector."""
        if self._exporter.export([_readable(span)]) is not SpanExportResult.SUCCESS:
            raise CollectorAwayError(f"the collector at {self._address} does not take it")

    def close(self) -> None:
        """See Collector."""
        self._exporter.shutdown()


def _readable(span: Span) -> ReadableSpan:
    """Make OpenTelemetry's own object of a span."""
    end_ns = int(span.ended.timestamp() * 1_000_000) * 1000
    status = Status() if span.error is None else Status(StatusCode.ERROR, span.error)
    resource = {"service.name": span.service, "service.namespace": NAMESPACE}
    return ReadableSpan(
        name=span.name,
        context=_context(span.trace, span.id),
        parent=_context(span.trace, span.parent) if span.parent else None,
        resource=Resource(resource),
        attributes=span.attributes,
        kind=SpanKind.CONSUMER if span.is_consumer else SpanKind.PRODUCER,
        status=status,
        start_time=end_ns - int(span.took_ms * NS_PER_MS),
        end_time=end_ns,
    )


def _context(trace: str, span: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=flags)
