"""Counts what was pressed against what is in Kafka and what the handler did."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fleet.load.members import Members
from fleet.load.street import KIND, Street
from fleet.load.table import Line
from fleet.tests.readers import Read


@dataclass(frozen=True)
class Phase:
    """Presses in a row.

    Attributes:
        presses: How many.
        a_second: How many in a second; None: as fast as it goes.
        has_kills: Whether one process of each kind is killed meanwhile.
    """

    presses: int
    a_second: float | None = None
    has_kills: bool = False


class Done(NamedTuple):
    """What is known of a phase at its end: its presses' numbers, times and costs."""

    phase: Phase
    numbers: range
    took_s: float
    members_s: float
    relays_s: float
    rows: float
    size: float


def count(
    street: Street, members: Members, found: Read, done: list[Done], doors: int
) -> Iterator[Line]:
    """A line for each phase; what is doubled or turned round is counted over all of them.

    Args:
        street: Knows what was pressed.
        members: Know what the handler did.
        found: What is in Kafka.
        done: The phases.
        doors: How many each house has.
    """
    truth = street.truth()
    handled = {(house, door): presses for house, door, presses, _ in members.doors()}
    turned = sum(turned for *_, turned in members.doors()) + found.inversions
    events = list(found.first.values())
    pressed = {event.id: event for event in events if event.type == KIND}
    in_kafka = {event.data["number"] for event in pressed.values()}
    outcomes = [event for event in events if event.type == "handler.done"]
    doubled = len(outcomes) - len({event.cause for event in outcomes})
    doubled += sum(max(0, number - truth[door]) for door, number in handled.items())
    lost = sum(max(0, number - handled.get(door, 0)) for door, number in truth.items())
    for one in done:
        own = [event for event in outcomes if pressed[event.cause].data["number"] in one.numbers]
        ages = sorted((e.time - pressed[e.cause].time).total_seconds() * 1000 for e in own)
        missing = len(set(one.numbers) - in_kafka) + len(one.numbers) - len(own)
        rung = min(one.numbers.stop, len(street.houses) * doors)
        yield Line(
            houses=len(street.houses),
            doors=doors,
            presses=len(one.numbers),
            rate=one.phase.a_second,
            through_s=len(one.numbers) / one.took_s,
            killed="each kind" if one.phase.has_kills else "",
            lost=max(missing, lost),
            doubled=doubled,
            inversions=turned,
            p50_ms=statistics.median(ages),
            p99_ms=ages[int(len(ages) * 0.99)],
            a_member_core=len(one.numbers) / max(0.01, one.members_s),
            a_relay_core=len(one.numbers) / max(0.01, one.relays_s),
            rows=one.rows / rung,
            size=one.size / rung,
        )
