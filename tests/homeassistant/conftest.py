"""One real Home Assistant beside a house, for `make homeassistant`.

Without $HOMEASSISTANT, which that sets, nothing here is collected.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.homeassistant.home import Home
from tests.house import House
from tests.needs import find_program
from tests.servers.brokers import mosquitto_broker
from tests.servers.home_assistant import home_assistant, installed
from tests.wire import wire_to

collect_ignore_glob = [] if os.environ.get("HOMEASSISTANT") else ["test_*.py"]


@pytest.fixture(scope="session")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A broker, a house, and a Home Assistant that was told nothing but the broker's address."""
    folder = tmp_path_factory.mktemp("home")
    installation = installed()
    assert installation, "HOMEASSISTANT names no folder that .ci/get-homeassistant has filled"
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto_broker(find_program("mosquitto"), folder))
        wire = stack.enter_context(wire_to(broker.port))
        house = stack.enter_context(House(folder / "house", broker))
        house.port = wire.port
        house.settings = Home.SETTINGS
        house.start(*Home.PROCESSES)
        config = folder / "config"
        seen = stack.enter_context(home_assistant(installation, config, broker.port))
        home = Home(broker, wire, house, seen)
        home.wait_until_found()
        home.add_automations()
        yield home


@pytest.fixture
def home(running_home: Home) -> Iterator[Home]:
    """The same for every test: all of it is running when one begins."""
    running_home.make_whole()
    yield running_home
    assert running_home.complaints() == []
