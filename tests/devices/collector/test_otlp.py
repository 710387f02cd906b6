"""Spans as OpenTelemetry's exporter gets them."""

from datetime import UTC, datetime

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from devices.collector import OtlpCollector, Span
from tests.house import free_port

HERE = "localhost:4318"
ENDED = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
SPAN = Span(
    trace="0af7651916cd43dd8448eb211c80319c",
    id="b7ad6b7169203331",
    parent="00f067aa0ba902b7",
    service="doorbell-notify",
    name="notify doorbell.pressed",
    ended=ENDED,
    took_ms=250,
    error="no network",
    is_consumer=True,
    attributes={"doorbell.door": "front"},
)


def test_a_span_is_exported_with_its_ids_and_times():
    """Ids are numbers there, and times nanoseconds."""
    exporter = InMemorySpanExporter()
    OtlpCollector(exporter, HERE).send(SPAN)
    (span,) = exporter.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == SPAN.trace
    assert (f"{span.context.span_id:016x}", f"{span.parent.span_id:016x}") == (SPAN.id, SPAN.parent)
    assert span.end_time == int(ENDED.timestamp()) * 1_000_000_000
    assert span.end_time - span.start_time == 250_000_000
    assert (span.kind, span.status.status_code) == (SpanKind.CONSUMER, StatusCode.ERROR)
    assert span.status.description == "no network"
    assert dict(span.attributes) == {"doorbell.door": "front"}


def test_a_collector_that_does_not_take_it_is_an_error():
    """The caller can try again later."""
    exporter = InMemorySpanExporter()
    exporter.export = lambda _: SpanExportResult.FAILURE
    with pytest.raises(ConnectionError, match=f"the collector at {HERE} does not take it"):
        OtlpCollector(exporter, HERE).send(SPAN)


def test_an_error_names_the_address_and_not_the_password_in_it():
    """It comes into the log and into dead letters."""
    collector = OtlpCollector.connect(f"http://me:secret@127.0.0.1:{free_port()}", {}, 0.1)
    try:
        with pytest.raises(ConnectionError, match=r"the collector at 127\.0\.0\.1:\d+ does not"):
            collector.send(SPAN)
    finally:
        collector.close()
