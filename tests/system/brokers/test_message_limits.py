"""Brokers that take small messages only: the catch-up goes on, slowly, and says why."""

import signal
from collections.abc import Iterator

import pytest

from tests.house import House, until
from tests.servers.brokers import BrokerProcess, mosquitto_broker

pytestmark = pytest.mark.fault_matrix
FEW_ENDS = 60  # connections that end meanwhile; without the bounds there are hundreds
BACKLOG = 40
PATIENCE_S = 420.0  # each message that is too large costs the producer its connection, and a pause
# A broker that names its limit, one that drops what is larger, and one that hangs up over it.
LIMITS = {
    "named": "max_packet_size 4000",
    "silent": "message_size_limit 3000",
    "small": "max_packet_size 2000",
}


@pytest.fixture(params=list(LIMITS))
def tight(request, mosquitto_program, tmp_path) -> Iterator[BrokerProcess]:
    """A mosquitto with a limit of its own."""
    with mosquitto_broker(mosquitto_program, tmp_path, LIMITS[request.param]) as broker:
        yield broker


@pytest.fixture
def tight_house(tight, tmp_path) -> Iterator[House]:
    with House(tmp_path / "house", tight) as house:
        yield house


def _ends(house: House) -> int:
    """How many connections the broker ended, or lost."""
    log = (house.folder.parent / "mosquitto.log").read_text(encoding="utf-8")
    return log.count(" disconnected")


def _wait_effects(house: House, name: str, count: int) -> None:
    until(
        lambda: len(house.effects(name)) >= count,
        lambda: f"{count} effects: {len(house.effects(name))} {house.log(name)[-3000:]}",
        PATIENCE_S,
    )


def test_a_backlog_that_is_larger_than_a_message_may_be_is_caught_up_with(tight_house):
    """Page after page of what gets through, each event once."""
    tight_house.write_handler("one", "done(event)")
    tight_house.start("hub", "one")
    tight_house.kill("one", signal.SIGTERM)
    presses = [tight_house.press() for _ in range(BACKLOG)]
    tight_house.start("one")
    _wait_effects(tight_house, "one", BACKLOG)
    assert tight_house.effects("one") == presses
    assert _ends(tight_house) < FEW_ENDS


SUBJECTS = 200
TELLER = (
    f"for number in range({SUBJECTS}):\n"
    "    emit('stock.counted', subject=f'a-subject-with-a-rather-long-name-{number:04}')\n"
    "done(event)"
)


def test_a_great_many_subjects_of_one_handler_choke_no_other(tight_house):
    """More numberings than a query holds: each event is taken once, and what comes later, too."""
    tight_house.write_handler("teller", TELLER)
    tight_house.write_handler("counter", "done(event)", '"stock.counted"')
    tight_house.start("hub", "counter")
    tight_house.kill("counter", signal.SIGTERM)
    tight_house.start("teller")
    tight_house.press()
    until(
        lambda: len(tight_house.ears.events("stock.counted")) == SUBJECTS,
        lambda: f"all are told: {tight_house.log('teller')}",
    )
    tight_house.start("counter")
    _wait_effects(tight_house, "counter", SUBJECTS)
    tight_house.kill("counter", signal.SIGTERM)
    tight_house.press()
    until(
        lambda: len(tight_house.ears.events("stock.counted")) == 2 * SUBJECTS,
        lambda: f"all are told again: {tight_house.log('teller')}",
    )
    tight_house.start("counter")
    _wait_effects(tight_house, "counter", 2 * SUBJECTS)
    effects = tight_house.effects("counter")
    assert sorted(effects) == sorted({e["id"] for e in tight_house.ears.events("stock.counted")})
    assert _ends(tight_house) < FEW_ENDS


LARGE = (
    "emit('note.taken', {'text': 'x' * 8000})\nemit('note.taken', {'text': 'small'})\ndone(event)"
)


def test_an_event_that_no_broker_takes_holds_up_none_behind_it(tight_house):
    """It is told, in log and status, stays in the journal, and those behind it arrive."""
    tight_house.write_handler("writer", LARGE)
    tight_house.write_handler("reader", "done(event)", '"note.taken"')
    tight_house.start("hub", "writer", "reader")
    press = tight_house.press()
    _wait_effects(tight_house, "reader", 1)
    until(
        lambda: "passed over" in tight_house.log("reader"),
        lambda: f"the reader says so: {tight_house.log('reader')[-2000:]}",
    )
    until(
        lambda: any("too large" in s["detail"] for s in tight_house.statuses("reader", "ready")),
        "its status says so",
    )
    tight_house.wait_outcome(press, "writer")
    tight_house.press()
    _wait_effects(tight_house, "reader", 2)
    assert len(tight_house.effects("reader")) == 2
    assert _ends(tight_house) < FEW_ENDS
