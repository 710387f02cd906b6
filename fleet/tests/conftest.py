"""Real servers, which all tests of a session share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.tests.servers import Kafka, Postgres, kafka_server, postgres_server, redis_server
from tests.house import House
from tests.needs import find_program
from tests.servers.brokers import BrokerProcess, mosquitto_broker


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A Kafka; a test that kills it starts it again."""
    with kafka_server(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL; a test that kills it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A Redis, or a Valkey."""
    with redis_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A mosquitto of its own."""
    with mosquitto_broker(find_program("mosquitto"), tmp_path) as broker:
        yield broker


@pytest.fixture
def house(mosquitto: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A house with one door, its processes not yet started."""
    with House(tmp_path / "house", mosquitto) as house:
        yield house
