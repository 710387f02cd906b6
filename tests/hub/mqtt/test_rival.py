"""Two processes of one source find each other out, and exactly one of them ends."""

from dataclasses import replace

import pytest

from config import Broker
from hub.mqtt.bus import Bus
from hub.mqtt.rival import ANSWERS, SETTLE_S, Rival
from hub.mqtt.status import StatusPublisher
from hub.wire.retained.status import VANISHED, Status
from tests.forked import PATIENCE_S
from tests.house import Ears, until
from tests.hub.fakes import HUB

TOPIC = f"{HUB}/status"


class _Time:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def time():
    return _Time()


@pytest.fixture
def rival(time):
    """Of a process that has just connected."""
    made = Rival(HUB, time)
    made.connected()
    return made


def _of(instance, *, settled=False):
    return Status("ready", instance=instance, host="pi2", settled=settled)


SMALLER = _of("0" * 16)
GREATER = _of("f" * 16)


def _argue(rival, status, times=ANSWERS):
    """Exchanges statuses so often; gives what came of the last one."""
    reason = ""
    for _ in range(times):
        rival.heard_own()
        reason = rival.heard(status)
    return reason


def test_who_comes_later_has_to_end(rival):
    """The other one was there before, and says so; the words name its machine."""
    reason = _argue(rival, replace(GREATER, settled=True))
    assert reason.startswith("another hub is called home, at pi2: it stays, and this one ends")


def test_who_was_there_first_stays(rival, time, caplog):
    """Whatever it hears, however often; it is logged once."""
    time.now_s += SETTLE_S
    assert _argue(rival, SMALLER, 50) == ""
    assert _argue(rival, replace(SMALLER, settled=True), 50) == ""
    assert caplog.text.count("another hub is called home, at pi2: this one stays") == 1


def test_of_two_that_start_together_exactly_one_ends(time):
    """Each decides alone, and both decide alike."""
    for _ in range(20):
        two = [Rival(HUB, time), Rival(HUB, time)]
        for one in two:
            one.connected()
        reasons = [
            _argue(one, _of(other.instance)) for one, other in zip(two, reversed(two), strict=True)
        ]
        assert [bool(reason) for reason in reasons].count(True) == 1


def test_a_process_that_is_challenged_does_not_settle(rival, time):
    """Otherwise two that started together would both stay."""
    _argue(rival, SMALLER, 1)
    time.now_s += SETTLE_S - 1
    _argue(rival, SMALLER, 1)
    time.now_s += SETTLE_S - 1
    assert not rival.is_settled
    time.now_s += 1
    assert rival.is_settled


def test_nothing_settles_without_a_connection(time):
    """It could not have heard another one."""
    rival = Rival(HUB, time)
    time.now_s += 10 * SETTLE_S
    assert not rival.is_settled


@pytest.mark.parametrize(
    "status",
    [
        VANISHED,
        replace(SMALLER, state="offline"),
        replace(SMALLER, instance=None),
    ],
)
def test_who_is_offline_or_of_an_earlier_version_is_no_rival(rival, status):
    """A last will, a good-bye, and what has no instance."""
    assert _argue(rival, status, 50) == ""


def test_nobody_is_the_rival_of_itself(rival):
    """A copy of our own status is a forged one."""
    assert _argue(rival, _of(rival.instance, settled=True), 50) == ""


def test_a_status_that_answers_nothing_proves_nothing(rival):
    """The last words of a process that was killed, however often they come, end nobody."""
    assert _argue(rival, SMALLER, ANSWERS - 1) == ""
    for _ in range(50):
        assert rival.heard(SMALLER) == ""


def test_answers_of_different_instances_are_not_added_up(rival):
    """A process that restarts again and again is one that has died each time."""
    for number in range(50):
        assert _argue(rival, _of(f"{number:016x}"), 1) == ""


def test_on_each_broker_the_last_word_is_its_own_and_a_rival_is_found(any_broker):
    """What a process hears of itself does not depend on the broker."""
    buses = [Bus(Broker(host="127.0.0.1", port=any_broker.port)) for _ in range(2)]
    reasons = []
    ears = Ears(any_broker.port)
    try:
        status = StatusPublisher(buses[0], HUB)
        buses[0].start()
        assert buses[0].connected.wait(PATIENCE_S)
        status.set("ready")
        until(lambda: ears.messages(TOPIC), "the status is published")
        ears.publish(TOPIC, b"forged", retain=True)
        until(lambda: len(ears.messages(TOPIC)) > 1, "it is published again")
        status._rival._settles_at_s = 0
        StatusPublisher(buses[1], HUB, reasons.append)
        buses[1].start()
        until(lambda: reasons, "the second one yields")
    finally:
        ears.close()
        for bus in buses:
            bus.stop()


def test_two_publishers_argue_until_one_yields(net):
    """On one broker, by themselves; the one that yields publishes nothing any more."""
    reasons = {}
    publishers = []
    for name in ("a", "b"):
        bus = net.bus(connected=False)
        publishers.append(
            StatusPublisher(bus, HUB, lambda reason, name=name: reasons.update({name: reason}))
        )
        bus.connect()
    until(lambda: reasons, "one of them yields")
    (loser,) = reasons
    silent = publishers["ab".index(loser)]
    own = silent._rival.instance.encode()
    before = [payload for _, payload in net.heard if own in payload]
    silent.set("offline", "stopped")
    assert [payload for _, payload in net.heard if own in payload] == before
    assert "another hub is called home, at " in reasons[loser]
