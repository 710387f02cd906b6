"""Real servers for the tests: Kafka, PostgreSQL and Redis, each of which can be killed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.house import free_port, until
from tests.needs import find_program, miss, packages
from tests.servers.brokers import BrokerProcess, listens, running

CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"
KAFKA = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
num.partitions=6
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""


class Kafka(BrokerProcess):
    """One node in KRaft mode, broker and controller in one."""

    @property
    def servers(self) -> str:
        """What clients begin with."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """A busy machine may need more than a minute for a Java that recovers its log."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        until(lambda: listens(self.port), lambda: f"Kafka: {self._log.read_text()}", 240)


@contextmanager
def kafka_server(folder: Path) -> Iterator[Kafka]:
    """A Kafka of its own, on free ports, from the folder that `.ci/get-kafka` has filled."""
    java = find_program("java", "openjdk-17-jre-headless")
    libs = Path(os.environ.get("KAFKA", ".kafka")) / "libs"
    if not any(libs.glob("kafka_2.13-*.jar")):
        miss("Kafka", ".ci/get-kafka .kafka (or set KAFKA to the folder)")
    folder.mkdir(exist_ok=True)
    properties = folder / "server.properties"
    port, controller = free_port(), free_port()
    properties.write_text(
        KAFKA.format(port=port, controller=controller, folder=folder), encoding="ascii"
    )
    command = [
        java,
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        f"{libs.absolute()}/*",
    ]
    storage = ["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(properties)]
    subprocess.run([*command, *storage], check=True, capture_output=True)
    with running(Kafka([*command, "kafka.Kafka", str(properties)], port, folder / "log")) as kafka:
        yield kafka


class Postgres(BrokerProcess):
    """A PostgreSQL with one database."""

    @property
    def url(self) -> str:
        """How to connect."""
        return f"postgresql://doorbell@127.0.0.1:{self.port}/postgres"

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """With SIGQUIT it ends at once, and recovers at its start (pg_ctl's immediate mode)."""
        super().stop(signal.SIGQUIT if how == signal.SIGKILL else how)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of its own, on a free port. It refuses to run as root: then as `postgres`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        miss("PostgreSQL", packages("postgresql"))
    programs = found[-1].parent
    as_user: list[str] = []
    with TemporaryDirectory(prefix="doorbell-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.getuid() == 0:  # below pytest's own folder only root could enter it
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
            shutil.chown(folder, "postgres", "postgres")
        data = str(folder / "data")
        init = [str(programs / "initdb"), "-D", data, "-U", "doorbell", "-A", "trust"]
        init += ["--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_user, *init], check=True, capture_output=True, cwd="/")
        port = free_port()
        command = [*as_user, str(programs / "postgres"), "-D", data, "-p", str(port), "-k", ""]
        command += ["-c", "listen_addresses=127.0.0.1"]
        with running(Postgres(command, port, folder / "log")) as postgres:
            yield postgres


@contextmanager
def redis_server(folder: Path) -> Iterator[BrokerProcess]:
    """A Redis or Valkey that has on its disk what it has acknowledged."""
    program = shutil.which("valkey-server") or find_program("redis-server")
    folder.mkdir(exist_ok=True)
    port = free_port()
    safe = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), *safe]
    with running(BrokerProcess(command, port, folder / "log")) as server:
        yield server
