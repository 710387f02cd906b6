"""The stage: a broker, the programs outside, and a house, all new for each case."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.house.checkout import Checkout
from tests.bench.house.disk import Disk
from tests.bench.house.house import House
from tests.bench.outside import floor
from tests.bench.outside.programs import program
from tests.bench.outside.sightings import Sightings
from tests.house import free_port
from tests.needs import SBIN
from tests.servers.brokers import mosquitto_broker

NODELAY = "set_tcp_nodelay true\n"
DEBIAN = ""  # mosquitto as Debian delivers it
OUTSIDE = "tests.bench.outside.observers"


@dataclass
class Stage:
    """What is ready for a case.

    Attributes:
        house: Nothing of it runs yet.
        sightings: What the programs outside and the handlers' first lines have seen.
        disk: The preloaded library.
        ports: Of the broker and of the phone's service.
        stack: Ends the programs outside.
        echo: Does a bare echo, and returns its seconds; when the programs outside run.
        press: Presses the button, and returns the time just before, by time.monotonic().
    """

    house: House
    sightings: Sightings
    disk: Disk
    ports: tuple[int, int]
    stack: ExitStack
    press: Callable[[], float]
    echo: Callable[[], float] = lambda: 0.0

    def start_outside(self) -> None:
        """Start the programs outside; before the handlers, so that the broker serves them first."""
        broker, phone = self.ports
        seen = str(self.house.sightings)
        self.echo = self.stack.enter_context(floor.echo(broker))
        for name, port in (("listen", broker), ("lamp", broker), ("phone", phone)):
            self.stack.enter_context(program(OUTSIDE, name, str(port), seen))


def mosquitto() -> str:
    """Where mosquitto is."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)
    if found is None:
        raise SystemExit("mosquitto is not installed: sudo apt install mosquitto")
    return found


@contextmanager
def stage(
    checkout: Checkout, settings: str = NODELAY, house_type: type[House] = House
) -> Iterator[Stage]:
    """Set it up; everything ends and is removed afterwards.

    Args:
        checkout: The code that is measured.
        settings: Of mosquitto.
        house_type: How its processes are started.
    """
    with (
        tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name,
        mosquitto_broker(mosquitto(), Path(name), settings) as broker,
        ExitStack() as stack,
    ):
        folder = Path(name)
        disk = Disk(folder / "disk")
        disk.check(checkout.python)
        ports = (broker.port, free_port())
        house = stack.enter_context(house_type(checkout, folder / "house", disk, ports))
        sightings = stack.enter_context(closing(Sightings(house.sightings)))
        yield Stage(house, sightings, disk, ports, stack, house.press)
