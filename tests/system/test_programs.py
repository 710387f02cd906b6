"""Programs of a person's own: a producer and a follower, killed while they work."""

import subprocess
import sys
from itertools import pairwise

import pytest

from tests.forked import PATIENCE_S
from tests.house import ROOT, until

ORDERS = 300
KILLS = 4
PUBLISH = """
import hub, sys
with hub.producer("shop", sys.argv[1]) as shop:
    for number in range(int(sys.argv[2])):
        shop.publish("order.placed", {"number": number}, id=f"order-{number}")
"""
PUBLISH_AND_STAY = PUBLISH + "    sys.stdin.read()\n"  # who has gone answers no query
COPY = """
import hub, sys
with hub.follower("copy", "order.placed", config=sys.argv[1], since_s=3600) as orders, \\
        open(sys.argv[2], "a", buffering=1) as copy:
    while True:
        for event, _ in orders.take():
            print(event.epoch, event.sequence, event.id, file=copy)
        orders.finish()
"""


def _start(code, *arguments, **more):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, **more)


@pytest.mark.fault_matrix
@pytest.mark.parametrize("broker", ["embedded", "mosquitto"], indirect=True)
def test_an_order_is_one_event_and_copies_are_in_order(house, tmp_path):
    """Both are killed again and again; the program begins each time with the first order."""
    copied = tmp_path / "copied"
    copied.touch()

    def lines():
        return [line.split() for line in copied.read_text().splitlines()]

    copier = _start(COPY, house.config, copied)
    for kill in range(1, KILLS + 1):
        shop = _start(PUBLISH, house.config, ORDERS)
        wanted = ORDERS * kill // (KILLS + 2)
        until(lambda wanted=wanted: len({n for _, n, _ in lines()}) > wanted, "orders are copied")
        shop.kill()
        shop.wait()
        copier.kill()
        copier.wait()
        copier = _start(COPY, house.config, copied)
    shop = _start(PUBLISH_AND_STAY, house.config, ORDERS, stdin=subprocess.PIPE)
    until(
        lambda: len({n for _, n, _ in lines()}) >= ORDERS,
        lambda: f"all: {len(lines())}",
        patience_s=180,
    )
    shop.communicate(timeout=PATIENCE_S)
    assert shop.returncode == 0
    copier.kill()
    copier.wait()
    first = list({(epoch, int(number)): name for epoch, number, name in lines()}.items())
    assert [name for _, name in first] == [f"order-{number}" for number in range(ORDERS)]
    assert all(later == number + 1 for ((_, number), _), ((_, later), _) in pairwise(first))
    assert house.ears.breaches() == []
