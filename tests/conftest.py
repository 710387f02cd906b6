"""Brokers for the tests: ours, and where they are installed (in CI they must be) the real ones."""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.house import ROOT, House
from tests.needs import find_program, miss, packages
from tests.servers.brokers import BrokerProcess, embedded_broker, mosquitto_broker
from tests.servers.rabbitmq import RabbitProcess, rabbitmq_broker, rabbitmq_program

MOST_WORKERS = 8  # a worker and the processes of its house take about 300 MB
for _variable in ("DOORBELL_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
    os.environ.pop(_variable, None)
os.umask(0o022)  # what a test creates has the same mode, whoever runs it
# A shell has background jobs ignore Ctrl-C, and everything that they start: our processes would.
signal.signal(signal.SIGINT, signal.default_int_handler)
# On a busy machine examples take as long as they take.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many tests run side by side with `-n auto`: most of them mostly wait."""
    return min(3 * (os.cpu_count() or 1), MOST_WORKERS)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whole houses first: a long test that began last would keep one worker busy, and no other.

    pytest-xdist 3.8 has the name of a group behind the id of a test, so that one worker gets the
    whole group; with pytest 9.2 it no longer comes there (pytest-xdist, issue 1386).
    """
    if getattr(config.option, "loadgroup", False):
        for item in items:
            for mark in item.iter_markers("xdist_group"):
                if not item.nodeid.endswith(group := f"@{mark.args[0]}"):
                    item._id = type(item._id).parse(item.nodeid + group)
    items.sort(key=lambda item: not item.nodeid.startswith("tests/system/"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make captured text fit to be sent by a worker: a log line may hold lone surrogates."""
    report = yield
    report.sections = [
        (title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections
    ]
    return report


@pytest.fixture
def needed() -> Callable[..., str]:
    """Where a program of the system is, which some Debian package brings: see `find_program`."""
    return find_program


@pytest.fixture(scope="session")
def mosquitto_program() -> str:
    """Where mosquitto is."""
    return find_program("mosquitto")


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


@pytest.fixture
def our_mosquitto(mosquitto_program: str, tmp_path: Path) -> Iterator[BrokerProcess]:
    """A mosquitto with the settings that this project recommends."""
    ours = (ROOT / "config/mosquitto/doorbell.conf").read_text(encoding="utf-8")
    with mosquitto_broker(mosquitto_program, tmp_path, ours) as broker:
        yield broker


@pytest.fixture(scope="session")
def running_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitProcess]:
    """It takes its time to start, so that all tests share one."""
    if rabbitmq_program() is None:
        miss("RabbitMQ", packages("rabbitmq-server"))
    with rabbitmq_broker(tmp_path_factory.mktemp("rabbitmq")) as broker:
        yield broker


@pytest.fixture
def rabbitmq(running_rabbitmq: RabbitProcess) -> RabbitProcess:
    """A RabbitMQ with its MQTT plugin, whatever the test before did to it."""
    if running_rabbitmq.process is None:
        running_rabbitmq.start()
    return running_rabbitmq


ONE_RABBITMQ = pytest.param("rabbitmq", marks=pytest.mark.xdist_group("rabbitmq"))
BROKERS = ("embedded", "mosquitto", "our_mosquitto", ONE_RABBITMQ)


@pytest.fixture(params=BROKERS)
def any_broker(request: pytest.FixtureRequest) -> BrokerProcess:
    """Each broker of the promise in turn; `parametrize(..., indirect=True)` chooses some."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def any_house(any_broker: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A house with one door, on any of the brokers."""
    with House(tmp_path / "house", any_broker) as house:
        yield house


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> BrokerProcess:
    """Each broker in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(broker: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A house with one door, its processes not yet started."""
    with House(tmp_path / "house", broker) as house:
        yield house
