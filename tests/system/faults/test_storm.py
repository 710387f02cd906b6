"""Chance finds what nobody thought of: random faults, then calm, then the audit.

`STORM_S=600 STORM_SEED=7 python -m pytest -s tests/system/faults/test_storm.py` takes longer, and
begins as it did before.
"""

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.house import House
from tests.servers.brokers import BrokerProcess
from tests.system.faults.storm import LEAST, Storm
from tests.wire import wire_to

pytestmark = pytest.mark.fault_matrix

STORM_S = float(os.environ.get("STORM_S", "6"))
BROKERS = os.environ.get("STORM_BROKERS", "embedded mosquitto").split()
SEED = int(os.environ.get("STORM_SEED", random.SystemRandom().randrange(10_000)))


@pytest.mark.parametrize("any_broker", BROKERS, indirect=True)
def test_a_storm_loses_nothing_and_doubles_nothing(any_broker: BrokerProcess, tmp_path: Path):
    """Whatever fails in whatever order: each press has one end with each handler."""
    print(f"STORM_S={STORM_S:g} STORM_SEED={SEED}")
    with wire_to(any_broker.port) as wire, House(tmp_path / "house", any_broker) as house:
        house.port = wire.port
        storm = Storm(house, any_broker, wire, SEED, tmp_path / "diary.txt")
        storm.blow(STORM_S)
        ledger = storm.calm()
    deaths = sum(one.crashes or 0 for one in ledger.handlers.values())
    print(f"{len(ledger.presses)} presses, {deaths} deaths of handlers")
    assert len(ledger.presses) >= LEAST, "there was a storm"


def test_a_storm_on_a_disk_that_fills(mosquitto: BrokerProcess, tmp_path: Path):
    """The disk is full again and again: the memory fallback, written back, agrees as well."""
    print(f"STORM_S={STORM_S:g} STORM_SEED={SEED}")
    with wire_to(mosquitto.port) as wire, House(tmp_path / "house", mosquitto) as house:
        house.port = wire.port
        house.state_dir.mkdir()
        # Room for the longest logs of all processes: a storm of 30 s fills 64 MB by itself.
        mount = ["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", str(house.state_dir)]
        if os.geteuid() or subprocess.run(mount, check=False).returncode:
            pytest.skip("only root can mount a file system")
        try:
            storm = Storm(house, mosquitto, wire, SEED, tmp_path / "diary.txt", deadly=False)
            storm.blow(STORM_S)
            ledger = storm.calm()
        finally:
            subprocess.run(["umount", "-l", str(house.state_dir)], check=True)
    print(f"{len(ledger.presses)} presses, on a disk that fills")
    assert len(ledger.presses) >= LEAST, "there was a storm"
