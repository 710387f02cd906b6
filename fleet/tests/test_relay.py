"""The relay: what a house publishes stands in Kafka, in order, whatever is killed."""

import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest
import redis as redis_client

from fleet.tests.readers import inversions, make_topic, read, start
from tests.forked import PATIENCE_S
from tests.house import until

PRESSES = 120
DOORS = ("front", "back")
TWO_DOORS = '[doors.back]\nname = "Back door"\n'


def _relay(house, to, topic="doorbell", **more):
    arguments = ["--to", to, "--topic", topic, "--house", "cottage", "--config", house.config]
    process = start(
        "doorbell_fleet.relay.command", *arguments, log=house.folder / "relay.log", **more
    )
    house.processes[f"relay {process.pid}"] = process  # ends with the house
    return process


def _end(process, how=signal.SIGKILL):
    process.send_signal(how)
    return process.wait(PATIENCE_S)


def _journal(house):
    """What the hub has published, in order: the truth."""
    with closing(sqlite3.connect(house.state_dir / "hub-home.db")) as db:
        return db.execute(
            "SELECT stream, epoch, sequence FROM journal ORDER BY position"
        ).fetchall()


def _press(house, number):
    house.press(DOORS[number % 2])


@pytest.fixture
def two_doors(house):
    """A house with two doors, whose hub runs."""
    house.settings = TWO_DOORS
    house.start("hub")
    return house


def test_nothing_is_lost_or_turned_round_whatever_is_killed(two_doors, kafka):
    """The relay and Kafka die under presses, again and again, and the house's broker once."""
    house, topic = two_doors, make_topic(kafka.servers, "killed")
    relay = _relay(house, f"kafka://{kafka.servers}", topic)
    for number in range(PRESSES):
        _press(house, number)
        if number % 20 == 7:
            _end(relay)
            relay = _relay(house, f"kafka://{kafka.servers}", topic)
        if number in (40, 90):
            kafka.stop(signal.SIGKILL)
        if number in (55, 95):
            kafka.start()
        if number == 70:
            house.broker.stop(signal.SIGKILL)
            house.broker.start()
    wanted = _journal(house)
    assert len(wanted) == PRESSES

    def is_complete():
        return len(read(kafka.servers, topic).first) >= PRESSES

    until(is_complete, lambda: (house.folder / "relay.log").read_text()[-2000:])
    _end(relay)
    found = read(kafka.servers, topic)
    assert set(found.first) == {(f"cottage {stream}", *rest) for stream, *rest in wanted}
    assert found.inversions == 0
    assert {event.subject for event in found.events} == set(DOORS)


def test_a_stop_is_clean(two_doors, kafka):
    """SIGTERM ends it at once, and the next one goes on without a doubled record."""
    house, topic = two_doors, make_topic(kafka.servers, "stopped")
    for start_number in (0, 4):
        relay = _relay(house, f"kafka://{kafka.servers}", topic)
        for number in range(start_number, start_number + 4):
            _press(house, number)
        wanted = start_number + 4
        until(lambda wanted=wanted: len(read(kafka.servers, topic).first) == wanted, "all there")
        until(lambda: house.statuses("relay", "ready"), "its status")
        assert _end(relay, signal.SIGTERM) == 0
    assert read(kafka.servers, topic).doubled == 0
    until(lambda: house.statuses("relay", "offline"), "its last status")


def test_the_status_says_how_far_it_is_behind(two_doors, kafka):
    """While Kafka is away the events wait in the house, and the status names the oldest."""
    house, topic = two_doors, make_topic(kafka.servers, "late")
    relay = _relay(house, f"kafka://{kafka.servers}", topic)
    _press(house, 0)
    until(lambda: read(kafka.servers, topic).first, "the first one")
    kafka.stop(signal.SIGKILL)
    try:
        _press(house, 1)
        until(lambda: any("behind" in s["detail"] for s in house.statuses("relay", "ready")), "lag")
    finally:
        kafka.start()
    until(lambda: len(read(kafka.servers, topic).first) == 2, "the second one")
    until(lambda: house.statuses("relay", "ready")[-1]["detail"] == "", "no lag any more")
    _end(relay)


def test_a_stream_of_redis_gets_the_same(two_doors, redis):
    """The relay and the server are killed; each entry has the attributes, and the data."""
    house = two_doors
    relay = _relay(house, f"redis://127.0.0.1:{redis.port}/0")
    for number in range(40):
        _press(house, number)
        if number % 10 == 5:
            _end(relay)
            relay = _relay(house, f"redis://127.0.0.1:{redis.port}/0")
        if number == 20:
            redis.stop(signal.SIGKILL)
            redis.start()
    server = redis_client.Redis(port=redis.port)

    def keys():
        found = []
        for _, entry in server.xrange("doorbell"):
            fields = {name.decode(): text.decode() for name, text in entry.items()}
            stream = " ".join(fields[f"ce_{name}"] for name in ("source", "type", "subject"))
            found.append((stream, fields["ce_epoch"], int(fields["ce_sequence"])))
        return list(dict.fromkeys(found))

    until(lambda: len(keys()) >= 40, lambda: (house.folder / "relay.log").read_text()[-2000:])
    _end(relay)
    assert set(keys()) == set(map(tuple, _journal(house)))
    assert inversions(keys()) == 0
    server.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "amqp://x", "--house", "a"], "give kafka://HOST:PORT or redis://HOST:PORT/0"),
        (["--to", "kafka://x", "--house", "a", "--name", "A b"], "not the name of a handler"),
    ],
)
def test_a_mistake_is_told_and_ends_it_for_good(tmp_path, arguments, words):
    """With 78, so that nothing starts it again and again."""
    log = tmp_path / "log"
    process = start("doorbell_fleet.relay.command", *arguments, log=log)
    assert process.wait(PATIENCE_S) == 78
    assert words in log.read_text()
    assert isinstance(process, subprocess.Popen)
