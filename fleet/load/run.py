"""A street under load: all doors ring, then some, with and without kills; then it counts."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from fleet.load.count import Done, Phase, count
from fleet.load.members import Members
from fleet.load.street import Street, opened
from fleet.load.table import Line
from fleet.tests.readers import make_topic, read
from fleet.tests.servers import Kafka, Postgres
from tests.servers.brokers import BrokerProcess

PARTITIONS = 12
LOOK_S = 0.5
PATIENCE_S = 900.0  # without any progress


class Servers(NamedTuple):
    """What all houses have in common."""

    mqtt: BrokerProcess
    kafka: Kafka
    postgres: Postgres


def run(
    folder: Path, servers: Servers, houses: int, doors: int, phases: list[Phase]
) -> Iterator[Line]:
    """Press, kill, wait for the end of each phase; then count over everything."""
    name = f"doors{houses * doors}"
    make_topic(servers.kafka.servers, name, PARTITIONS)
    members = Members(folder, name, servers.kafka, servers.postgres)
    try:
        wait(lambda: members.is_ready, lambda: 0, f"the group {name}")
        with opened(folder / name, servers.mqtt, servers.kafka, name, houses, doors) as street:
            done = [_phase(phase, servers, street, members) for phase in phases]
        members.processes.end()
        found = read(servers.kafka.servers, name)
        yield from count(street, members, found, done, doors)
    finally:
        members.processes.end()


def wait(is_over: Callable[[], bool], progress: Callable[[], object], what: str) -> None:
    """Poll until it is over; fail when nothing has moved for a long time."""
    last = progress()
    deadline = time.monotonic() + PATIENCE_S
    while not is_over():
        if (now := progress()) != last:
            last, deadline = now, time.monotonic() + PATIENCE_S
        assert time.monotonic() < deadline, f"{what}: nothing moves any more at {last}"
        time.sleep(LOOK_S)


def _phase(phase: Phase, servers: Servers, street: Street, members: Members) -> Done:
    began = time.monotonic()
    members_s, relays_s = members.processes.used_s, street.relays.used_s
    first = street.pressed
    kills = _kills(servers, street, members) if phase.has_kills else iter(())
    places = _places(phase.presses, len(servers) + 2) if phase.has_kills else set()
    with ThreadPoolExecutor(1) as killer:  # one after another, and the doors are pressed meanwhile
        killed = [
            killer.submit(next(kills))
            for number in street.press(phase.presses, phase.a_second)
            if number in places
        ]
        for one in killed:
            one.result()
    wait(
        lambda: members.handled() >= street.pressed and members.has_published_all,
        members.handled,
        f"{street.pressed} presses are handled",
    )
    took_s = time.monotonic() - began
    rows, size = members.size()
    return Done(
        phase,
        range(first, street.pressed),
        took_s,
        members.processes.used_s - members_s,
        street.relays.used_s - relays_s,
        rows,
        size,
    )


def _kills(servers: Servers, street: Street, members: Members) -> Iterator[Callable[[], None]]:
    """One kind after another. With a server all its connections are gone."""

    def again(server: BrokerProcess) -> Callable[[], None]:
        def kill() -> None:
            server.stop(signal.SIGKILL)
            server.start()

        return kill

    return iter([members.processes.kill_one, street.relays.kill_one, *map(again, servers)])


def _places(presses: int, kinds: int) -> set[int]:
    """After which presses something is killed, each kind once, evenly."""
    return {presses * (kill + 1) // (kinds + 1) for kill in range(kinds)}
