"""A RabbitMQ with its MQTT plugin, with its own name, ports, folders and port mapper."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.forked import PATIENCE_S
from tests.house import free_port, until
from tests.servers.brokers import BrokerProcess, listens

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the one in /usr/sbin insists on root
START_S = 240.0  # it takes ten, on a machine that has nothing else to do
SETTINGS = """listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
mqtt.allow_anonymous = true
mqtt.default_user = guest
mqtt.default_pass = guest
"""


def rabbitmq_program() -> str | None:
    """Where the server is, and what it needs to map its port."""
    return PROGRAM if Path(PROGRAM).exists() and shutil.which("epmd") else None


class RabbitProcess(BrokerProcess):
    """The server and its helpers, as one: they are ended together."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__([PROGRAM], port, folder / "rabbitmq.log")
        self.name = "RabbitMQ"
        self._folder, self._mapper_port, self._peer_port = folder, free_port(), free_port()
        self._mapper = subprocess.Popen(
            ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"]
        )
        # A server that does not find it would start one of its own, which outlives it.
        until(lambda: listens(self._mapper_port), "epmd listens")

    def start(self) -> None:
        """Takes about ten seconds."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment(),
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        until(
            lambda: listens(self.port),
            lambda: f"RabbitMQ listens on {self.port}: {self._log.read_text()[-2000:]}",
            START_S,
        )

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the whole group: the script that was started is not the server."""
        if self.process:
            os.killpg(self.process.pid, how)
            self.process.wait(PATIENCE_S)
            until(lambda: not listens(self.port), "RabbitMQ lets go of its port")
            self.process = None
            self.ends += 1

    def forget(self) -> None:
        """Take everything that it has on the disk."""
        shutil.rmtree(self._folder / "mnesia", ignore_errors=True)

    def close(self) -> None:
        try:
            self.stop()
        finally:
            self._mapper.kill()
            self._mapper.wait()

    def _environment(self) -> dict[str, str]:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        (self._folder / "rabbitmq.conf").write_text(
            SETTINGS.format(port=self.port), encoding="utf-8"
        )
        (self._folder / "plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
        paths = {
            "HOME": home,  # for Erlang's cookie
            "RABBITMQ_MNESIA_BASE": self._folder / "mnesia",
            "RABBITMQ_LOG_BASE": self._folder / "log",
            "RABBITMQ_CONFIG_FILE": self._folder / "rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self._folder / "plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        }
        return (
            os.environ
            | {key: str(path) for key, path in paths.items()}
            | {
                "RABBITMQ_NODENAME": f"doorbell-{self._peer_port}@localhost",
                "RABBITMQ_NODE_PORT": str(self._peer_port),
                "RABBITMQ_DIST_PORT": str(self._peer_port),
                "ERL_EPMD_PORT": str(self._mapper_port),
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                # One scheduler, which sleeps when it is idle: others use this machine, too.
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                    "+S 1:1 +sbwt none +sbwtdcpu none -start_epmd false"
                ),
            }
        )


@contextmanager
def rabbitmq_broker(folder: Path) -> Iterator[RabbitProcess]:
    """One that runs, for as many tests as like it."""
    broker = RabbitProcess(folder, free_port())
    try:
        broker.start()
        yield broker
    finally:
        broker.close()
