"""The stage: a broker, the programs outside, and a house, all new for each case."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import floor
from tests.bench.checkout import Checkout
from tests.bench.disk import Disk
from tests.bench.house import House
from tests.bench.programs import program
from tests.bench.sightings import Sightings
from tests.brokers import mosquitto_broker
from tests.house import free_port
from tests.needs import SBIN

NODELAY = "set_tcp_nodelay true\n"
DEBIAN = ""  # mosquitto as Debian delivers it
OUTSIDE = "tests.bench.outside"


@dataclass
class Stage:
    """What is ready for a case.

    Attributes:
        house: Nothing of it runs yet.
        echo: Does a bare echo, and returns its seconds.
        sightings: What the programs outside and the handlers' first lines have seen.
        disk: The preloaded library.
    """

    house: House
    echo: Callable[[], float]
    sightings: Sightings
    disk: Disk


def mosquitto() -> str:
    """Where mosquitto is."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)
    if found is None:
        raise SystemExit("mosquitto is not installed: sudo apt install mosquitto")
    return found


@contextmanager
def stage(checkout: Checkout, slower_ms: int = 0, settings: str = NODELAY) -> Iterator[Stage]:
    """Set it up; everything ends and is removed afterwards.

    Args:
        checkout: The code that is measured.
        slower_ms: How much longer each sync of our processes takes.
        settings: Of mosquitto.
    """
    with (
        tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name,
        mosquitto_broker(mosquitto(), Path(name), settings) as broker,
    ):
        folder = Path(name)
        disk = Disk(folder / "disk", slower_ms)
        disk.check(checkout.python)
        phone = free_port()
        with House(checkout, folder / "house", disk, (broker.port, phone)) as house:
            sightings = Sightings(house.sightings)
            seen = str(house.sightings)
            with (
                floor.echo(broker.port) as echo,
                program(OUTSIDE, "listen", str(broker.port), seen),
                program(OUTSIDE, "lamp", str(broker.port), seen),
                program(OUTSIDE, "phone", str(phone), seen),
            ):
                yield Stage(house, echo, sightings, disk)
            sightings.close()
