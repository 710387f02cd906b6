"""Members of a group: each event is handled once, in the order of its door, whatever is killed."""

import json
import signal
from collections import Counter

import psycopg
import pytest

from fleet.tests.doors import Street
from fleet.tests.readers import make_topic, read, start
from tests.house import ROOT, until

PRESSES = 600
PATIENCE_S = 180.0  # a busy machine, on which everything is killed
COUNT = """
from hub import Event, HandlerConfig, emit, handler, memory

@handler("doorbell.pressed", timeout_s=10)
def count(event: Event, config: HandlerConfig) -> str:
    last = memory.get(event.door, 0)
    memory["turned"] = memory.get("turned", 0) + (event.sequence <= last)
    memory[event.door] = event.sequence
    memory["count"] = memory.get("count", 0) + 1
    emit("bell.counted", {"count": memory["count"]})
    return "counted"
"""
FAIL = """
from hub import Drop, Event, HandlerConfig, checkpoint, handler, later, memory

@handler("doorbell.pressed", timeout_s=10, backoff_s=0.1, attempts=3)
def fail(event: Event, config: HandlerConfig) -> str:
    if event.sequence % 7 == 0 and event.attempt == 1:
        memory["wrong"] = True
        raise ValueError("at first")
    if event.sequence == 5:
        raise Drop("never")
    if event.sequence == 6:
        raise ValueError("always")
    if event.sequence == 8:
        memory["saved"] = True
        checkpoint()
        raise Drop("after a checkpoint")
    memory["count"] = memory.get("count", 0) + 1
    later("fail.due", 0.1)
    return f"attempt {event.attempt}"

@handler("fail.due")
def due(event: Event, config: HandlerConfig) -> str:
    memory["due"] = memory.get("due", 0) + 1
    return "due"
"""


class Group:
    """Members of one group, each a process."""

    def __init__(self, folder, kafka, postgres, name, text, topic):
        self.path = folder / f"{name}.py"
        self.path.write_text(text)
        self.config = folder / "doorbell.toml"
        self.config.write_text('[doors.front]\nname = "Front door"\n')
        self.name, self.topic, self.kafka, self.postgres = name, topic, kafka, postgres
        self.log = folder / f"{name}.log"
        self.members = []

    def add(self, **more):
        options = ["--kafka", self.kafka.servers, "--topic", self.topic, "--session-s", 2]
        options += ["--database", self.postgres.url, "--config", self.config]
        module = "doorbell_fleet.group.command"
        self.members.append(start(module, self.path, *options, log=self.log, **more))

    def end(self, how=signal.SIGKILL):
        member = self.members.pop(0)
        member.send_signal(how)
        return member.wait(PATIENCE_S)

    def rows(self, query):
        with psycopg.connect(self.postgres.url) as db:
            return db.execute(query, {"grp": self.name}).fetchall()

    def memory(self):
        """What is remembered, by key, of all houses."""
        query = "SELECT house, key, value FROM doorbell.memory WHERE grp = %(grp)s"
        return {(house, key): json.loads(value) for house, key, value in self.rows(query)}

    def is_ready(self):
        with psycopg.connect(self.postgres.url) as db:
            found = db.execute("SELECT to_regclass('doorbell.member_group')").fetchone()
        query = "SELECT 1 FROM doorbell.member_group WHERE grp = %(grp)s"
        return found != (None,) and bool(self.rows(query))

    def outcomes(self):
        """How many there are of each type, each event counted once."""
        found = read(self.kafka.servers, self.topic).first.values()
        return Counter(event.type for event in found)


@pytest.fixture
def group(tmp_path, kafka, postgres):
    """Makes a group; its members end with the test."""
    made = []

    def make(name, text):
        topic = make_topic(kafka.servers, name)
        made.append(Group(tmp_path, kafka, postgres, name, text, topic))
        return made[-1]

    yield make
    for one in made:
        while one.members:
            one.end()


def test_each_press_counts_once_whatever_is_killed(group, kafka, postgres):
    """Members die, the database and Kafka too; one record in twenty is written twice."""
    counters = group("count", COUNT)
    for _ in range(3):
        counters.add()
    until(counters.is_ready, "the group")
    street = Street(kafka.servers, counters.topic, houses=20, doors=2)
    for number in range(6):
        street.press(PRESSES // 6, a_second=150, twice_each=20)
        counters.end()
        counters.add()
        if number == 2:
            postgres.stop(signal.SIGKILL)
            postgres.start()
        if number == 4:
            kafka.stop(signal.SIGKILL)
            kafka.start()

    def counted():
        return sum(value for (_, key), value in counters.memory().items() if key == "count")

    until(lambda: counted() >= PRESSES, lambda: f"{counted()}", PATIENCE_S)
    until(
        lambda: counters.rows("SELECT COUNT(*) FROM doorbell.outbox") == [(0,)],
        "all published",
        PATIENCE_S,
    )
    assert counted() == PRESSES
    assert sum(v for (_, key), v in counters.memory().items() if key == "turned") == 0
    found = read(kafka.servers, counters.topic)
    said = Counter(event.type for event in found.first.values())
    assert said["doorbell.pressed"] == said["bell.counted"] == said["handler.done"] == PRESSES
    causes = [event.cause for event in found.first.values() if event.type == "handler.done"]
    assert len(set(causes)) == PRESSES
    assert found.inversions == 0
    rows = "SELECT COUNT(*) FROM doorbell.inbox WHERE grp = %(grp)s"
    assert counters.rows(rows) == [(0,)]
    cursors = "SELECT COUNT(*) FROM doorbell.cursor WHERE grp = %(grp)s"
    assert counters.rows(cursors) == [(40,)]


def test_the_rules_are_those_of_a_house(group, kafka):
    """Retries undo what was remembered, a checkpoint keeps it; dead letters say why; timers come."""
    failing = group("fail", FAIL)
    failing.add()
    until(failing.is_ready, "the group")
    Street(kafka.servers, failing.topic, houses=1).press(8)
    until(lambda: failing.memory().get(("house0", "due"), 0) >= 1, failing.log.read_text)
    until(lambda: failing.outcomes()["handler.dead"] == 3, lambda: str(failing.outcomes()))
    query = (
        "SELECT sequence, attempts, reason FROM doorbell.inbox"
        " WHERE state = 'dead' AND grp = %(grp)s"
    )
    assert sorted(failing.rows(query)) == [
        (5, 1, "never"),
        (6, 3, "always"),
        (8, 1, "after a checkpoint"),
    ]
    memory = {key: value for (_, key), value in failing.memory().items()}
    assert (memory["count"], memory["saved"], "wrong" in memory) == (5, True, False)
    said = read(kafka.servers, failing.topic).first.values()
    notes = [event.data["note"] for event in said if event.type == "handler.done"]
    assert notes.count("attempt 2") == 1


def test_what_a_dead_member_had_in_hand_comes_as_redelivered(group, kafka):
    """It is told so, and counts as an attempt; a member that stops in order leaves nothing."""
    text = (
        "import os, signal\nfrom hub import Event, HandlerConfig, handler\n\n"
        '@handler("doorbell.pressed")\ndef die(event: Event, config: HandlerConfig) -> str:\n'
        "    if not event.redelivered:\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        '    return f"attempt {event.attempt}"\n'
    )
    dying = group("die", text)
    dying.add()
    dying.add()
    until(dying.is_ready, "the group")
    Street(kafka.servers, dying.topic, houses=1).press(1)
    until(lambda: dying.outcomes()["handler.done"] == 1, dying.log.read_text)
    (done,) = [
        event for event in read(kafka.servers, dying.topic).events if event.type == "handler.done"
    ]
    assert (done.data["note"], done.data["redelivered"]) == ("attempt 2", True)
    codes = sorted(filter(None, (member.poll() for member in dying.members)))
    assert codes == [-signal.SIGKILL]
    dying.members.sort(key=lambda member: member.poll() is not None)
    assert dying.end(signal.SIGTERM) == 0


def checked(folder, name):
    """What `--check` says of a shipped handler: its exit code, and its log."""
    log = folder / "log"
    config = folder / "doorbell.toml"
    config.write_text('[doors.front]\nname = "Front door"\n')
    options = ["--kafka", "x", "--database", "x", "--config", config, "--check"]
    process = start(
        "doorbell_fleet.group.command", ROOT / "handlers" / f"{name}.py", *options, log=log
    )
    return process.wait(PATIENCE_S), log.read_text()


@pytest.mark.parametrize("name", ["bark", "light", "record", "log"])
def test_what_only_a_house_has_is_refused_in_words(tmp_path, name):
    """By `check`, and at the start: with 78."""
    code, said = checked(tmp_path, name)
    assert code == 78
    assert "Run this file at home, or leave it out" in said


@pytest.mark.parametrize("name", ["notify", "visit"])
def test_shipped_handlers_run_in_a_group_as_they_are(tmp_path, name):
    """The files are those of a house, unchanged."""
    code, said = checked(tmp_path, name)
    assert code == 0
    assert f"{name}.py may run in a group" in said
