"""The promise on a cluster of three brokers, whose nodes are killed in turn under presses."""

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster import record
from tests.cluster.nodes import NAMES, Cluster, running_cluster
from tests.house import ROOT, House, until
from tests.system.faults import reliability
from tests.system.faults.ledger import settle_accounts

HANDLERS = {
    "one": ("done(event)\nemit('one.done')", '"doorbell.pressed"'),
    "careful": ("done(event)", '"doorbell.pressed", on_redelivery="skip"'),
    "slow": ("time.sleep(0.02)\ndone(event)", '"doorbell.pressed"'),
    "second": ("done(event)", '"one.done"'),
}
PROCESSES = ("hub", *HANDLERS)
PACE_S = 0.1
PRESSES = 600  # at least
KILLS = 6  # at least: each node twice
BETWEEN = 20  # presses before and after a node comes back
PATIENCE_S = 120.0
CONNECTED = "connected to the broker at"
# docs/cluster.md names it: what is behind `rabbitmqctl`, for mirrored queues up to RabbitMQ 3.13.
MIRRORED = (
    *("set_policy", "--apply-to", "queues", "ha-mqtt", "^mqtt-subscription"),
    '{"ha-mode":"all","ha-sync-mode":"automatic"}',
)
CLUSTERS = {
    "RabbitMQ 4.0": ("trixie", ()),
    "RabbitMQ 4.0, all nodes named": ("trixie", ()),
    "RabbitMQ 3.10, mirrored queues": ("bookworm", MIRRORED),
    "RabbitMQ 3.10 as it comes": ("bookworm", ()),
}


@pytest.fixture(params=CLUSTERS)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    """Three nodes that have found each other."""
    suite, policy = CLUSTERS[request.param]
    system = Path(os.environ["CLUSTER"]).resolve() / suite
    folder = tmp_path / "nodes"
    folder.mkdir()
    with running_cluster(request.param, system, folder) as cluster:
        if policy:
            cluster.nodes[0].control(*policy)
        yield cluster


def test_nodes_are_killed_under_presses(
    cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest
):
    """Each press of the button is in the journal, and has one end with each handler."""
    with House(tmp_path / "house", cluster) as house:
        if cluster.name.endswith("named"):
            house.nodes = [node.port for node in cluster.nodes]
        for name, (body, decoration) in HANDLERS.items():
            house.write_handler(name, body, decoration)
        _start_hub(house)
        house.start(*HANDLERS)
        with _pressing(house):
            _kill_in_turn(house, cluster)
        ledger = settle_accounts(house, PATIENCE_S)
        cuts = {name: house.log(name).count(CONNECTED) - 1 for name in PROCESSES}
    counted = reliability.ROWS[request.node.nodeid]
    late_s = sorted(record.lateness_s(ledger))
    refused = dict(cluster.address.refused)
    record.ROWS.append(record.Row(counted, sum(cuts.values()), refused, late_s))
    assert len(ledger.presses) == house.rings
    # A process stays with its node until that is killed: each was cut off in each round.
    assert min(cuts.values()) >= cluster.ends // len(NAMES), cuts


def _start_hub(house: House) -> None:
    """One whose button is its standard input."""
    house.starts["hub"] += 1
    with (house.folder / "hub.log").open("ab") as log:
        house.processes["hub"] = subprocess.Popen(
            [sys.executable, "-m", "hub.daemon", "--stdin", "--config", str(house.config)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    house.wait_ready("hub")


@contextmanager
def _pressing(house: House) -> Iterator[None]:
    """Press the button at that pace, whatever happens to the brokers."""
    enough = threading.Event()
    button = house.processes["hub"].stdin
    assert button

    def press() -> None:
        while not enough.wait(PACE_S):
            button.write(b"front\n")
            button.flush()
            house.rings += 1

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    try:
        yield
    finally:
        enough.set()
        presser.join()
        button.close()


def _kill_in_turn(house: House, cluster: Cluster) -> None:
    """Kill a node, bring it back, and go on to the next one."""
    for node in itertools.cycle(cluster.nodes):
        _let_ring(house)
        if cluster.ends >= KILLS and house.rings >= PRESSES:
            return
        cluster.kill(node)
        _let_ring(house)
        node.start()


def _let_ring(house: House) -> None:
    enough = house.rings + BETWEEN
    until(lambda: house.rings >= enough, lambda: f"the button is pressed: {house.log('hub')}")
