"""A trace collector: Jaeger, Grafana Tempo, and every other one that takes OTLP over HTTP."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.collector.collector import Collector as Collector
    from devices.collector.collector import Span as Span
    from devices.collector.event_span import span_of as span_of
    from devices.collector.otlp import OtlpCollector as OtlpCollector
    from devices.collector.registry import fault_in_collector as fault_in_collector
    from devices.collector.registry import open_collector as open_collector
    from devices.collector.span_parents import SpanParents as SpanParents
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "collector": ["Collector", "Span"],
            "event_span": ["span_of"],
            "otlp": ["OtlpCollector"],
            "registry": ["fault_in_collector", "open_collector"],
            "span_parents": ["SpanParents"],
        },
    )
