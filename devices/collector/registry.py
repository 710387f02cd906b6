"""Opens a collector, if OpenTelemetry is installed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from devices.collector.collector import Collector


def fault_in_collector() -> str | None:
    """Check whether OpenTelemetry is installed, which `open_collector` needs.

    Returns:
        What to install; None if it is there.
    """
    try:
        is_installed = find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        is_installed = False
    if is_installed:
        return None
    return "this needs OpenTelemetry. Install it as docs/tracing.md says"


@contextmanager
def open_collector(
    endpoint: str, headers: Mapping[str, str], *, timeout_s: float = 5.0
) -> Iterator[Collector]:
    """Open the way to a collector that takes OTLP over HTTP, and close it at the end.

    Args:
        endpoint: Its address without `/v1/traces`, like `http://localhost:4318`.
        headers: Sent with each request.
        timeout_s: How long a request may take, in seconds.

    Raises:
        ImportError: OpenTelemetry is not installed.
    """
    # OpenTelemetry takes 20 MB, and is an extra.
    from devices.collector.otlp import OtlpCollector  # noqa: PLC0415

    collector = OtlpCollector.connect(endpoint, headers, timeout_s)
    try:
        yield collector
    finally:
        collector.close()
