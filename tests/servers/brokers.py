"""Real brokers that can be stopped, killed and started again."""

import getpass
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.forked import BROKER, PATIENCE_S, ROOT, Forked
from tests.house import free_port, until


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class BrokerProcess:
    """A broker that can be stopped, killed and started again on the same port."""

    name = "a broker"

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.port, self._command, self._log = port, command, log
        self.ends = 0  # how often it was ended
        self.process: subprocess.Popen[bytes] | Forked | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = self._begin(log)
        until(
            self._listens,
            lambda: f"the broker listens on {self.port}: {self._log.read_text()[-500:]}",
        )

    def _begin(self, log: IO[bytes]) -> subprocess.Popen[bytes] | Forked:
        return subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)

    def _listens(self) -> bool:
        return listens(self.port)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_S)
            self.process = None
            self.ends += 1


class EmbeddedBroker(BrokerProcess):
    """The broker that `doorbell run` brings along."""

    name = "embedded"

    def __init__(self, port: int, log: Path) -> None:
        super().__init__([], port, log)

    def _begin(self, log: IO[bytes]) -> Forked:
        return Forked(BROKER, "--port", self.port, stdout=log, stderr=log)


@contextmanager
def mosquitto_broker(
    program: str, folder: Path, config: str = "", listener: str = ""
) -> Iterator[BrokerProcess]:
    """A mosquitto with its default settings, or with these, and these for its listener."""
    port = free_port()
    command = [program, "-p", str(port)]
    if config or listener:
        path = folder / "mosquitto.conf"
        config = (
            f"user {getpass.getuser()}\n{config}\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
            f"{listener}\n"
        )
        path.write_text(config, encoding="utf-8")
        command = [program, "-c", str(path)]
    with running(BrokerProcess(command, port, folder / "mosquitto.log")) as broker:
        broker.name = "mosquitto, our settings" if config else "mosquitto"
        yield broker


@contextmanager
def embedded_broker(folder: Path) -> Iterator[BrokerProcess]:
    with running(EmbeddedBroker(free_port(), folder / "amqtt.log")) as broker:
        yield broker


@contextmanager
def running(broker: BrokerProcess) -> Iterator[BrokerProcess]:
    broker.start()
    try:
        yield broker
    finally:
        broker.stop(signal.SIGKILL)
