"""Handlers that are slow, hang, fail or die, and a clock that jumps: the others go on."""

import os
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.house import House, until
from tests.needs import miss, packages
from tests.servers.brokers import BrokerProcess
from tests.system.faults.ledger import settle_accounts

pytestmark = pytest.mark.fault_matrix

DAY_S = 86_400
UNRULY = {
    "sound": ("done(event)", '"doorbell.pressed"'),
    "slow": ("time.sleep(0.2)\ndone(event)", '"doorbell.pressed"'),
    "hanging": (
        "if event.sequence == 2:\n    time.sleep(60)\ndone(event)",
        '"doorbell.pressed", timeout_s=0.2, attempts=2, backoff_s=0.05',
    ),
    "deaf": (  # it does not listen when its time is up: only the end of its process helps
        "import signal\nif event.sequence == 2 and event.attempt == 1:\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
        "    time.sleep(60)\ndone(event)",
        '"doorbell.pressed", timeout_s=0.2, backoff_s=0.05',
    ),
    "poisoned": (
        "if event.sequence == 2:\n    os.kill(os.getpid(), 9)\ndone(event)",
        '"doorbell.pressed", attempts=3',
    ),
}


@pytest.mark.parametrize("any_broker", ["mosquitto"], indirect=True)
def test_each_lives_and_dies_alone(any_house: House):
    """Slow, hanging, deaf and poisoned handlers: each press ends with each, and in order."""
    for name, (body, decoration) in UNRULY.items():
        any_house.write_handler(name, body, decoration)
    any_house.start("hub", *UNRULY)
    presses = [any_house.press() for _ in range(4)]

    def has_ended() -> bool:
        for name in UNRULY:
            if not any_house.is_running(name):
                any_house.start(name, wait=False)
        return any_house.ears.outcomes(presses[1], "poisoned")[-1:] == ["handler.dead"]

    until(has_ended, lambda: f"the poison is put away: {any_house.log('poisoned')}")
    until(lambda: any_house.deaths("deaf"), "the deaf one is ended")
    if not any_house.is_running("deaf"):
        any_house.start("deaf")
    settle_accounts(any_house)
    assert any_house.effects("sound") == presses
    assert any_house.deaths("sound") == any_house.deaths("slow") == 0
    assert any_house.ears.outcomes(presses[1], "hanging") == ["handler.retried", "handler.dead"]
    assert presses[1] not in any_house.effects("poisoned")


@pytest.mark.parametrize("by", ["+2d", "-2d"])
def test_a_clock_that_jumps(mosquitto: BrokerProcess, tmp_path: Path, by: str):
    """A wall clock two days off, at the hub or a handler: nothing is lost or doubled."""
    library = _faketime()
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("one", "done(event)", '"doorbell.pressed", max_age_s=60')
        house.write_handler(
            "flaky",
            "if event.attempt < 2:\n    raise ValueError\ndone(event)",
            '"doorbell.pressed", backoff_s=0.1',
        )
        presses = []
        for wrong in (["hub"], ["one", "flaky"], []):
            os.environ |= {
                "LD_PRELOAD": library,
                "FAKETIME": by,
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
            try:
                house.start(*wrong)
            finally:
                for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"):
                    del os.environ[name]
            house.start(*({"hub", "one", "flaky"} - set(wrong)))
            presses.append(house.press())
            settle_accounts(house)
            for name in ("hub", "one", "flaky"):
                house.kill(name, signal.SIGKILL)
        (seen,) = (
            event["time"]
            for event in house.ears.events("doorbell.pressed")
            if event["id"] == presses[0]
        )
        assert abs(time.time() - datetime.fromisoformat(seen).timestamp()) > DAY_S, (
            "the hub's clock was really wrong"
        )
        assert house.effects("one") == house.effects("flaky") == presses


def _faketime() -> str:
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    return str(found or miss("libfaketime", packages("faketime")))
