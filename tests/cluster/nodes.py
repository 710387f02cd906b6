"""Three nodes of RabbitMQ with its MQTT plugin, each in namespaces of its own.

They run from a system that `tests/cluster/build` made. What they write lies in the folder of the
test, which each of them sees as /srv.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.address import Address
from tests.house import free_port, until
from tests.servers.brokers import BrokerProcess, listens

NAMES = ("node1", "node2", "node3")
BIN = "/usr/lib/rabbitmq/bin"  # those in /usr/sbin insist on the user rabbitmq
START_S = 60.0
# The namespace of processes ends as one: SIGKILL for `unshare` is SIGKILL for all in there.
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc"]
ENTER = """
folder=$1 system=$2; shift 2
mount --bind "$folder" "$system/srv"
mount -t proc proc "$system/proc"
exec chroot "$system" "$@"
"""
CONFIG = """listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
mqtt.allow_anonymous = true
"""
# Others use this machine, too: an idle scheduler sleeps. Nothing outside of it connects.
ERLANG = (
    "+S 1:1 +sbwt none +sbwtdcpu none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
)


class Node(BrokerProcess):
    """One node; the cluster knows the others."""

    def __init__(self, name: str, system: Path, folder: Path, mapper_port: int) -> None:
        command = [f"{BIN}/rabbitmq-server"]
        super().__init__(command, free_port(), folder / f"{name}.log")
        self.name = name
        self._system, self._folder = system, folder
        self._peer_port = free_port()
        self._mapper_port = mapper_port
        (folder / f"{name}.conf").write_text(CONFIG.format(port=self.port), encoding="utf-8")

    def start(self, *, wait: bool = True) -> None:
        """Takes about ten seconds."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._inside(*self._command), env=self._environment(), stdout=log, stderr=log
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        until(
            lambda: listens(self.port),
            lambda: f"{self.name} listens on {self.port}: {self._log.read_text()[-2000:]}",
            START_S,
        )

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        super().stop(how)
        until(lambda: not listens(self.port), f"{self.name} lets go of its port")

    def control(self, *words: str) -> None:
        """`rabbitmqctl` on this node."""
        subprocess.run(
            self._inside(f"{BIN}/rabbitmqctl", "-n", f"{self.name}@localhost", *words),
            env=self._environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _inside(self, *command: str) -> list[str]:
        return [*NAMESPACES, ENTER, "sh", str(self._folder), str(self._system), *command]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/srv",  # with Erlang's cookie
            "RABBITMQ_MNESIA_BASE": "/srv/mnesia",
            "RABBITMQ_LOG_BASE": "/srv/log",
            "RABBITMQ_CONFIG_FILE": f"/srv/{self.name}.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "/srv/plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": f"{self.name}@localhost",
            "RABBITMQ_DIST_PORT": str(self._peer_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }


class Cluster(BrokerProcess):
    """All nodes behind one address, as the broker of a house."""

    def __init__(self, name: str, system: Path, folder: Path) -> None:
        self._mapper_port = free_port()
        command = ["chroot", str(system), "epmd", "-address", "127.0.0.1"]
        command += ["-port", str(self._mapper_port)]
        super().__init__(command, self._mapper_port, folder / "epmd.log")
        cookie = folder / ".erlang.cookie"
        cookie.write_text("doorbell", encoding="utf-8")
        cookie.chmod(0o400)
        (folder / "plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
        self.nodes = [Node(node, system, folder, self._mapper_port) for node in NAMES]
        self.address = Address([node.port for node in self.nodes])
        self.name = name
        self.port = self.address.port

    def start(self) -> None:
        """The others join the first one."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        until(lambda: listens(self._mapper_port), "epmd listens")
        for node in self.nodes:
            node.start(wait=False)
        for node in self.nodes:
            node.wait_ready()
        first, *others = self.nodes
        for node in others:
            node.control("stop_app")
            node.control("join_cluster", f"{first.name}@localhost")
            node.control("start_app")
            node.wait_ready()

    def kill(self, node: Node) -> None:
        """All at once, as when its machine loses its power."""
        node.stop(signal.SIGKILL)
        self.ends += 1

    def close(self) -> None:
        self.address.close()
        for node in self.nodes:
            node.stop(signal.SIGKILL)
        super().stop(signal.SIGKILL)


@contextmanager
def running_cluster(name: str, system: Path, folder: Path) -> Iterator[Cluster]:
    """One whose nodes have found each other."""
    cluster = Cluster(name, system, folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
