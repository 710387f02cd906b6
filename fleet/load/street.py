"""Houses with many doors: a root each on one broker, a producer each, and a relay each."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import hub
from fleet.load.processes import Processes
from fleet.tests.readers import start
from fleet.tests.servers import Kafka
from hub.programs.program_producer import ProgramProducer
from tests.servers.brokers import BrokerProcess

KIND = "bell.pressed"
THREADS = 16  # they share the syncs of the journals
AHEAD = 500  # presses that wait for a journal: the next one waits, too
SETTINGS = """
state_dir = "state"
[broker]
host = "127.0.0.1"
port = {port}
root = "houses/{name}"
[doors.front]
name = "Front door"
"""


class House(NamedTuple):
    """One house.

    Attributes:
        name: In the fleet.
        producer: Its doors.
        truth: Gets a line for each press, before the door is pressed.
    """

    name: str
    producer: ProgramProducer
    truth: Path


class Street:
    """Presses the doors of all houses, one after another.

    Attributes:
        houses: All of them.
        relays: Their relays.
        pressed: How many presses there are.
    """

    def __init__(self, houses: list[House], relays: Processes, doors: int) -> None:
        self.houses = houses
        self.relays = relays
        self.pressed = 0
        self._doors = doors
        self._numbers = count()

    def press(self, presses: int, a_second: float | None = None) -> Iterator[int]:
        """Press so many times; gives, now and then, how often it was pressed.

        Args:
            presses: How often.
            a_second: How many in a second; as fast as the journals take them, if not given.
        """
        began = time.monotonic()
        with ThreadPoolExecutor(THREADS) as pool:
            given = []
            for number in range(presses):
                if a_second:
                    time.sleep(max(0.0, began + number / a_second - time.monotonic()))
                given.append(pool.submit(self._press, next(self._numbers)))
                if number >= AHEAD:
                    given[number - AHEAD].result()
                self.pressed += 1
                yield number + 1
            for one in given:
                one.result()

    def truth(self) -> Counter[tuple[str, str]]:
        """How often each door of each house was pressed."""
        return Counter(
            (house.name, line.split()[1])
            for house in self.houses
            for line in house.truth.read_text(encoding="ascii").splitlines()
        )

    def _press(self, number: int) -> None:
        house = self.houses[number % len(self.houses)]
        door = f"door{number // len(self.houses) % self._doors}"
        with house.truth.open("a", encoding="ascii") as truth:
            truth.write(f"{number} {door}\n")
        house.producer.publish(KIND, {"number": number}, subject=door)


@contextmanager
def opened(
    folder: Path, broker: BrokerProcess, kafka: Kafka, topic: str, houses: int, doors: int
) -> Iterator[Street]:
    """Houses with so many doors each. Their relays run."""
    relays = Processes()
    with ExitStack() as stack:
        stack.callback(relays.end)
        street = Street([], relays, doors)
        for number in range(houses):
            name = f"house{number}"
            own = folder / name
            own.mkdir(parents=True)
            config = own / "doorbell.toml"
            config.write_text(SETTINGS.format(port=broker.port, name=name), encoding="ascii")
            options = ["--to", f"kafka://{kafka.servers}", "--topic", topic, "--house", name]
            options += ["--config", config]
            log = own / "relay.log"
            relays.begin(partial(start, "doorbell_fleet.relay.command", *options, log=log))
            producer = stack.enter_context(hub.producer("doors", config))
            street.houses.append(House(name, producer, own / "truth"))
        yield street
