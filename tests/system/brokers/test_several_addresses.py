"""A house whose settings name two nodes, which pass on to each other what they hear."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.house import House, until
from tests.servers.brokers import BrokerProcess, mosquitto_broker
from tests.system.faults.ledger import settle_accounts

pytestmark = pytest.mark.fault_matrix
ROUNDS = 3


@pytest.fixture
def nodes(mosquitto_program: str, tmp_path: Path) -> Iterator[list[BrokerProcess]]:
    """Two of mosquitto, the second with a bridge to the first."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with ExitStack() as stack:
        first = stack.enter_context(mosquitto_broker(mosquitto_program, folders[0]))
        bridge = (
            f"connection bridge\naddress 127.0.0.1:{first.port}\ntopic # both 1\n"
            "restart_timeout 1\nbridge_protocol_version mqttv50\n"
        )
        second = stack.enter_context(
            mosquitto_broker(mosquitto_program, folders[1], listener=bridge)
        )
        yield [first, second]


def test_the_node_in_use_is_killed_under_presses(nodes: list[BrokerProcess], tmp_path: Path):
    """Each press has its effect once, with hub and handlers at whichever node answers."""
    first, second = nodes
    with House(tmp_path / "house", second) as house:
        house.nodes = [first.port, second.port]
        house.write_handler("one", "done(event)")
        house.write_handler("careful", "done(event)", '"doorbell.pressed", on_redelivery="skip"')
        house.start("hub", "one", "careful")
        for _ in range(ROUNDS):
            house.press()
            first.stop(signal.SIGKILL)
            house.press()
            first.start()
            _move_back(house, first, second)
        settle_accounts(house)
        assert len(house.effects("one")) == len(house.commanded)


def _move_back(house: House, first: BrokerProcess, second: BrokerProcess) -> None:
    """Kill the second node, so that the processes use the first one again."""
    before = house.log("one").count(f"connected to the broker at 127.0.0.1:{first.port}")
    second.stop(signal.SIGKILL)
    until(
        lambda: (
            house.log("one").count(f"connected to the broker at 127.0.0.1:{first.port}") > before
        ),
        lambda: house.log("one"),
    )
    second.start()
