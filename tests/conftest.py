"""Brokers for the tests: ours, and a real mosquitto where it is installed (in CI it must be)."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import BrokerProcess, House, embedded_broker, mosquitto_broker

os.environ.pop("DOORBELL_CONFIG", None)


def _mosquitto_program() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


@pytest.fixture
def mosquitto_program() -> str:
    """Where mosquitto is."""
    program = _mosquitto_program()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("mosquitto is missing, and CI must not do without: apt-get install mosquitto")
        pytest.skip("mosquitto is not installed")
    return program


@pytest.fixture
def mosquitto(mosquitto_program: str, tmp_path: Path) -> Iterator[BrokerProcess]:
    """A mosquitto of its own, on a free port, with its default settings."""
    with mosquitto_broker(mosquitto_program, tmp_path) as broker:
        yield broker


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[BrokerProcess]:
    """The broker that `doorbell run` brings along."""
    with embedded_broker(tmp_path) as broker:
        yield broker


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> BrokerProcess:
    """Each broker in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(broker: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A house with one door, its processes not yet started."""
    with House(tmp_path / "house", broker) as house:
        yield house
