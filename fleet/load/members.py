"""The members of one group, and what the database says of them."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg

from fleet.load.processes import Processes
from fleet.tests.readers import start
from fleet.tests.servers import Kafka, Postgres

MEMBERS = 3
SESSION_S = 6
HANDLER = Path(__file__).parent / "counter.py"
TABLES = ("cursor", "inbox", "memory", "head", "outbox")


class Members:
    """The processes of a group.

    Attributes:
        name: Of the group, its handler file and its topic.
        processes: The members.
    """

    def __init__(self, folder: Path, name: str, kafka: Kafka, postgres: Postgres) -> None:
        self.name = name
        self.processes = Processes()
        self._postgres = postgres
        file = folder / f"{name}.py"
        file.write_text(HANDLER.read_text(encoding="utf-8"), encoding="utf-8")
        config = folder / "doorbell.toml"
        config.write_text('[doors.front]\nname = "Front door"\n', encoding="ascii")
        options = ["--kafka", kafka.servers, "--topic", name, "--session-s", SESSION_S]
        options += ["--database", postgres.url, "--config", config]
        begin = partial(
            start, "doorbell_fleet.group.command", file, *options, log=folder / f"{name}.log"
        )
        for _ in range(MEMBERS):
            self.processes.begin(begin)

    def query(self, text: str) -> list[tuple]:
        """What the database says of this group; nothing while it is away."""
        try:
            with psycopg.connect(self._postgres.url) as db:
                return db.execute(text, {"grp": self.name}).fetchall()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return []

    @property
    def is_ready(self) -> bool:
        """Whether a member has made the tables, and the group."""
        return bool(self.query("SELECT 1 FROM doorbell.member_group WHERE grp = %(grp)s"))

    def handled(self) -> int:
        """How many presses are handled; 0 while the database is away."""
        presses = "COALESCE(SUM((value::json->>1)::int), 0)"
        rows = self.query(f"SELECT {presses} FROM doorbell.memory WHERE grp = %(grp)s")
        return rows[0][0] if rows else 0

    @property
    def has_published_all(self) -> bool:
        """Whether the outbox is empty."""
        return self.query("SELECT COUNT(*) FROM doorbell.outbox WHERE grp = %(grp)s") == [(0,)]

    def doors(self) -> Iterator[tuple[str, str, int, int]]:
        """What the handler did: house, door, presses, and how many of them turned round."""
        query = "SELECT house, key, value FROM doorbell.memory WHERE grp = %(grp)s"
        for house, door, value in self.query(query):
            _, presses, turned = json.loads(value)
            yield house, door, presses, turned

    def size(self) -> tuple[int, float]:
        """Rows, and bytes with their share of the indexes."""
        rows = 0
        size = 0.0
        for name in TABLES:
            table = f"doorbell.{name}"
            ((whole, every, own),) = self.query(
                f"SELECT pg_total_relation_size('{table}'), COUNT(*),"
                f" COUNT(*) FILTER (WHERE grp = %(grp)s) FROM {table}"
            )
            rows += own
            if every:
                size += whole * own / every
        return rows, size
