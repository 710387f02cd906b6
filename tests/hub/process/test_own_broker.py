"""The broker of a house that names none, with real brokers."""

import io
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config import Broker, Settings
from hub.cli.run import _ask
from hub.mqtt.bus import Bus
from hub.mqtt.own_broker import mosquitto
from hub.mqtt.own_broker.address import with_running_broker
from hub.process.own_broker import OwnBroker
from tests.forked import PATIENCE_S
from tests.house import free_port, until
from tests.servers.brokers import BrokerProcess


class Opened:
    """An own broker that was opened, and what was said and asked."""

    def __init__(self, folder: Path, port: int, *, answer: bool | None) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.settings = Settings(state_dir=folder, broker=Broker(port=port))
        self._answer = answer
        self.held = ExitStack()
        ask = None if answer is None else self._ask
        self.own = OwnBroker(self.settings, lambda _, line: self.said.append(line), ask)
        self.port = self.own.open(self.held)

    def _ask(self, question: str) -> bool:
        self.asked.append(question)
        return bool(self._answer)

    def protocol(self) -> str:
        """What is spoken where other commands find it."""
        bus = Bus(with_running_broker(self.settings).broker)
        bus.start()
        try:
            assert bus.connected.wait(PATIENCE_S), bus.absence
            return bus.protocol
        finally:
            bus.stop()

    def close(self) -> None:
        if child := self.own.child:
            child.end()
            child.wait_ended(0)
        self.held.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[type[Opened]]:
    """Opens own brokers; all are ended at the end."""
    made: list[Opened] = []

    def make(port: int = 0, *, answer: bool | None = None) -> Opened:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Opened(folder, port or free_port(), answer=answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def no_mosquitto(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without it; what lies in the folder is found."""
    monkeypatch.setattr(mosquitto, "SBIN", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("mosquitto_program")
def test_mosquitto_is_used_where_it_is_installed(opened):
    """On the wanted port, with MQTT 5, without a word; other commands find it."""
    port = free_port()
    one = opened(port)
    assert (one.port, one.protocol()) == (port, "5.0")
    assert "mosquitto" in one.own.child.launcher.words[0]
    assert (one.said, one.own.notices, one.asked) == ([], [], [])


@pytest.mark.usefixtures("mosquitto_program")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_is_started_again(opened, how: signal.Signals):
    """Also after an end in order, which nobody ordered."""
    one = opened()
    child = one.own.child
    first = child.process.pid
    child.process.send_signal(how)

    def is_back() -> bool:
        child.tick()
        return child.process is not None and child.process.pid != first

    until(is_back, "it is started again")
    assert one.protocol() == "5.0"


@pytest.mark.usefixtures("no_mosquitto")
def test_without_mosquitto_the_embedded_one_is_used(opened):
    """It says so, what it cannot do, and how to change that."""
    one = opened()
    assert one.protocol() == "3.1.1"
    (notice,) = one.own.notices
    assert notice.startswith("mosquitto is not installed, so the embedded broker is used")
    assert "Home Assistant cannot connect" in notice
    assert "sudo apt install mosquitto" in notice


def test_a_mosquitto_that_does_not_start_is_replaced(opened, no_mosquitto: Path):
    """What it says is shown, and the house rings all the same."""
    program = no_mosquitto / "mosquitto"
    program.write_text("#!/bin/sh\necho it is broken\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    one = opened()
    assert one.protocol() == "3.1.1"
    assert one.own.notices[0].startswith("mosquitto does not start")
    until(lambda: one.said == ["it is broken"], "its words are shown")


@pytest.mark.parametrize(("answer", "is_shared"), [(True, True), (False, False), (None, False)])
def test_a_broker_that_is_there_is_offered(
    opened, mosquitto: BrokerProcess, *, answer: bool | None, is_shared: bool
):
    """A person decides; without one the house has its own on another port, and says so."""
    one = opened(mosquitto.port, answer=answer)
    assert (one.port == mosquitto.port) == is_shared
    assert (one.own.child is None) == is_shared
    assert len(one.asked) == (answer is not None)
    (notice,) = [line for line in one.own.notices if "set host" in line]
    assert 'set host = "localhost" in [broker]' in notice
    assert "start `doorbell run` again" in notice
    assert one.protocol()


def test_the_broker_of_another_house_is_not_offered(opened):
    """Two of `doorbell run` are two houses: the second one would be a second hub of that name."""
    first = opened()
    second = opened(first.port, answer=True)
    assert second.port != first.port
    assert not second.asked


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("\n", True), ("Y\n", True), ("yes\n", True), ("n\n", False), ("", False)]
)
def test_enter_means_yes(monkeypatch: pytest.MonkeyPatch, typed: str, *, is_yes: bool):
    """Ctrl-D and any other word mean no; Ctrl-C is heard again afterwards as before."""
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert _ask("Shall it?") == is_yes
    assert signal.getsignal(signal.SIGINT) == before
