"""The numbers in Prometheus' text form. Imported when they are first asked for."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from hub.web.guest_book.house import House
from hub.web.metrics.tally import BUCKETS_S, Latencies, Tally
from hub.wire.retained.status import STATES


def exposition(tally: Tally, house: House, listeners: int) -> bytes:
    """All numbers, for https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4).

    Args:
        tally: What happened.
        house: How the processes are.
        listeners: How many pages follow what happens.
    """
    registry = CollectorRegistry()
    registry.register(_House(tally, house, listeners))
    ProcessCollector(registry=registry)  # of doorbell-web: memory, processor time, open files
    return generate_latest(registry)


class _House(Collector):
    def __init__(self, tally: Tally, house: House, listeners: int) -> None:
        self._tally = tally
        self._house = house
        self._listeners = listeners

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry need not collect once more to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        with self._tally.lock:
            yield from list(self._counted())
        yield from self._present()

    def _counted(self) -> Iterator[Metric]:
        tally = self._tally
        presses = CounterMetricFamily("doorbell_presses", "Presses of a bell.", labels=["door"])
        for door, count in sorted(tally.presses.items()):
            presses.add_metric([door], count)
        yield presses
        outcomes = CounterMetricFamily(
            "doorbell_outcomes",
            "How reactions ended: done, retried, skipped or dead (to the dead letters).",
            labels=["handler", "outcome"],
        )
        for labels, count in sorted(tally.outcomes.items()):
            outcomes.add_metric(list(labels), count)
        yield outcomes
        reactions = HistogramMetricFamily(
            "doorbell_reaction_seconds",
            "From a press to the end of a reaction to it.",
            labels=["handler"],
        )
        for handler, latencies in sorted(tally.latencies.items()):
            reactions.add_metric([handler], _buckets(latencies), latencies.sum_s)
        yield reactions
        yield CounterMetricFamily("doorbell_events", "Events of the house.", value=tally.events)
        if tally.lag_s is not None:
            words = "How long after it happened the last event reached the page."
            yield GaugeMetricFamily("doorbell_journal_lag_seconds", words, value=tally.lag_s)

    def _present(self) -> Iterator[Metric]:
        states = GaugeMetricFamily(
            "doorbell_process_state",
            "1 for the state that a process is in.",
            labels=["role", "name", "state"],
        )
        hub = self._house.hub()
        known = [("hub", hub), *(("handler", one) for one in self._house.handlers())]
        for role, process in known:
            for state in STATES:
                states.add_metric([role, process.name, state], float(process.state == state))
        yield states
        words = "Pages that follow what happens."
        yield GaugeMetricFamily("doorbell_page_listeners", words, value=self._listeners)


def _buckets(latencies: Latencies) -> list[tuple[str, float]]:
    """Each bound with how many were at most so long."""
    total = 0
    buckets: list[tuple[str, float]] = []
    bounds = [*(str(bound) for bound in BUCKETS_S), "+Inf"]
    for bound, count in zip(bounds, latencies.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets
