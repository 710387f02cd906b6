"""`python -m fleet.load`: doors press, members are killed, and the table says what came of it.

Each door is a house of its own, and its events are in Kafka as its relay writes them.
"""

import argparse
import json
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from fleet.load import through_relay
from fleet.tests.doors import Street
from fleet.tests.readers import make_topic, read, start
from fleet.tests.servers import Kafka, Postgres, kafka_server, postgres_server
from tests.house import until

MEMBERS = 3
RELAY_RATE = 60.0  # presses a second in one house
SESSION_S = 6
KILL_S = 15  # from one kill of a member to the next, at least
HANDLER = Path(__file__).parent / "counter.py"
HEAD = (
    "| doors | presses | a second | killed | lost | doubled | inversions | p50 ms | p99 ms"
    " | events a second a core | rows a door | bytes a door |\n" + "|-" * 12 + "|\n"
)


@dataclass(frozen=True)
class Run:
    """One line of the table."""

    doors: int
    presses: int
    rate: float
    killed: str
    lost: int
    doubled: int
    inversions: int
    p50_ms: float
    p99_ms: float
    a_core: float
    rows: float
    bytes: float

    def line(self) -> str:
        """As Markdown."""
        return (
            f"| {self.doors:,} | {self.presses:,} | {self.rate:.0f} | {self.killed} | {self.lost}"
            f" | {self.doubled} | {self.inversions} | {self.p50_ms:,.0f} | {self.p99_ms:,.0f}"
            f" | {self.a_core:.0f} | {self.rows:.2f} | {self.bytes:,.0f} |\n"
        )


class Members:
    """The processes of one group."""

    def __init__(self, folder: Path, name: str, kafka: Kafka, postgres: Postgres) -> None:
        self._folder, self._kafka, self._postgres = folder, kafka, postgres
        self.name = name
        self._processes = []
        self._ticks = 0
        (folder / f"{name}.py").write_text(HANDLER.read_text())
        (folder / "doorbell.toml").write_text('[doors.front]\nname = "Front door"\n')

    def add(self) -> None:
        """One more."""
        options = ["--kafka", self._kafka.servers, "--topic", self.name, "--session-s", SESSION_S]
        options += ["--database", self._postgres.url, "--config", self._folder / "doorbell.toml"]
        file = self._folder / f"{self.name}.py"
        log = self._folder / f"{self.name}.log"
        self._processes.append(start("doorbell_fleet.group.command", file, *options, log=log))

    def kill(self) -> None:
        """One less, without a word."""
        process = self._processes.pop(0)
        self._ticks += _ticks(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> float:
        """Stop all; gives the seconds of a processor that they have used."""
        while self._processes:
            self.kill()
        return self._ticks / os.sysconf("SC_CLK_TCK")

    def query(self, text: str) -> list[tuple]:
        """What the database says of this group."""
        with psycopg.connect(self._postgres.url) as db:
            return db.execute(text, {"grp": self.name}).fetchall()

    def presses(self) -> list[list[int]]:
        """Of each door: its last number, how many presses, how many of them turned round."""
        found = self.query("SELECT value FROM doorbell.memory WHERE grp = %(grp)s")
        return [json.loads(value) for (value,) in found]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def measure(
    folder: Path,
    servers: tuple[Kafka, Postgres],
    doors: int,
    presses: int,
    rate: float,
    *,
    kills: bool,
) -> Run:
    """Press, kill or not, wait for the end, and count."""
    kafka, postgres = servers
    name = f"doors{doors}{'killed' if kills else ''}"
    make_topic(kafka.servers, name, 12)
    members = Members(folder, name, kafka, postgres)
    for _ in range(MEMBERS):
        members.add()
    ready = "SELECT 1 FROM doorbell.member_group WHERE grp = %(grp)s"
    until(lambda: _is_made(postgres) and members.query(ready), "the group", 120)
    street = Street(kafka.servers, name, houses=doors)
    street.press(MEMBERS * 20, a_second=20)  # until the partitions are given out
    pressing = threading.Thread(
        target=street.press, args=(presses,), kwargs={"a_second": rate, "twice_each": 20}
    )
    began = time.monotonic()
    pressing.start()
    if kills:
        while pressing.is_alive():
            pressing.join(random.SystemRandom().uniform(KILL_S, 2 * KILL_S))
            if pressing.is_alive():
                members.kill()
                members.add()
    pressing.join()
    took_s = time.monotonic() - began
    done = (
        "SELECT COALESCE(SUM((value::json->>1)::int), 0) FROM doorbell.memory WHERE grp = %(grp)s"
    )
    until(lambda: members.query(done)[0][0] >= street.pressed, "all presses are handled", 900)
    left = "SELECT COUNT(*) FROM doorbell.outbox"
    until(lambda: members.query(left) == [(0,)], "all outcomes are published", 300)
    rows, size = _size(members, min(doors, street.pressed))  # of doors that have rung
    used_s = members.end()
    return _counted(kafka, members, street, Run(
        doors, street.pressed, presses / took_s, "members" if kills else "", 0, 0, 0, 0, 0,
        street.pressed / used_s, rows, size,
    ))  # fmt: skip


def _is_made(postgres: Postgres) -> bool:
    with psycopg.connect(postgres.url) as db:
        return db.execute("SELECT to_regclass('doorbell.outbox')").fetchone() != (None,)


def _size(members: Members, doors: int) -> tuple[float, float]:
    tables = ("cursor", "inbox", "memory", "head", "outbox")
    rows = sum(
        members.query(f"SELECT COUNT(*) FROM doorbell.{one} WHERE grp = %(grp)s")[0][0]
        for one in tables
    )
    size = 0.0
    for one in tables:
        table = f"doorbell.{one}"
        ((whole, all_rows, own),) = members.query(
            f"SELECT pg_total_relation_size('{table}'), COUNT(*),"
            f" COUNT(*) FILTER (WHERE grp = %(grp)s) FROM {table}"
        )
        size += whole * own / all_rows if all_rows else 0
    return rows / doors, size / doors


def _counted(kafka: Kafka, members: Members, street: Street, run: Run) -> Run:
    found = read(kafka.servers, members.name)
    pressed = {
        event.id: event.time for event in found.first.values() if event.type == "doorbell.pressed"
    }
    done = [event for event in found.first.values() if event.type == "handler.done"]
    ages = sorted((event.time - pressed[event.cause]).total_seconds() * 1000 for event in done)
    handled = sum(presses for _, presses, _ in members.presses())
    lost = len(pressed) - len({event.cause for event in done})
    doubled = max(0, handled - street.pressed) + len(done) - len({event.cause for event in done})
    turned = sum(turned for *_, turned in members.presses()) + found.inversions
    p99 = ages[int(len(ages) * 0.99)]
    facts = {"lost": lost, "doubled": doubled, "inversions": turned}
    return Run(**{**run.__dict__, **facts, "p50_ms": statistics.median(ages), "p99_ms": p99})


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m fleet.load", description=__doc__)
    parser.add_argument("--doors", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--presses", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=400.0, help="presses a second")
    parser.add_argument("--relay-presses", type=int, default=2_000)
    parser.add_argument("--write", type=Path, help="the document whose table is replaced")
    options = parser.parse_args()
    tables = {"of groups": HEAD, "of the relay": through_relay.HEAD}
    with tempfile.TemporaryDirectory() as name, kafka_server(Path(name) / "kafka") as kafka:
        for kills in (False, True):
            presses = options.relay_presses
            folder = Path(name) / f"relay{kills}"
            line = through_relay.measure(folder, kafka, 100, presses, RELAY_RATE, kills=kills)
            tables["of the relay"] += line
            print(line, end="", flush=True)
        with postgres_server() as postgres:
            for doors in options.doors:
                for kills in (False, True):
                    run = measure(
                        Path(name),
                        (kafka, postgres),
                        doors,
                        options.presses,
                        options.rate,
                        kills=kills,
                    )
                    tables["of groups"] += run.line()
                    print(run.line(), end="", flush=True)
                    assert (run.lost, run.doubled, run.inversions) == (0, 0, 0), run
    if options.write:
        text = options.write.read_text(encoding="utf-8")
        for table, lines in tables.items():
            text = _with_table(text, table, lines)
        options.write.write_text(text, encoding="utf-8")


def _with_table(text: str, name: str, lines: str) -> str:
    """The document with this table in its place."""
    before, begin, rest = text.partition(f"<!-- the table {name} -->\n")
    _, end, after = rest.partition("<!-- its end -->\n")
    return before + begin + lines + end + after


if __name__ == "__main__":
    main()
