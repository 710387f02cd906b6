"""A broker that dies at each step of a press, one that flaps, and wires cut in silence."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.forked import PATIENCE_S
from tests.house import House, until
from tests.servers.brokers import BrokerProcess
from tests.system.faults.ledger import settle_accounts
from tests.wire import PUBACK, PUBLISH, TO_BROKER, TO_CLIENT, Wire, wire_to

pytestmark = pytest.mark.fault_matrix

HANDLERS = ("one", "careful")
STEPS = {
    "the press comes to the broker": (TO_BROKER, PUBLISH, b"event/doorbell/pressed"),
    "its acknowledgement goes to the hub, or the handler's to the broker": (None, PUBACK, b""),
    "the press goes to a handler": (TO_CLIENT, PUBLISH, b"event/doorbell/pressed"),
    "the outcome comes to the broker": (TO_BROKER, PUBLISH, b"event/handler/done"),
}


def _furnish(house: House) -> None:
    house.write_handler("one", "done(event)")
    house.write_handler("careful", "done(event)", '"doorbell.pressed", on_redelivery="skip"')


def _connections(house: House) -> list[int]:
    """How often each process has come to a broker."""
    return [house.log(name).count("connected to the broker") for name in ("hub", *HANDLERS)]


@pytest.fixture
def wired(any_broker: BrokerProcess, tmp_path: Path) -> Iterator[tuple[House, Wire]]:
    """A house whose processes reach the broker through a wire; the ears listen beside it."""
    with wire_to(any_broker.port) as wire, House(tmp_path / "house", any_broker) as house:
        house.port = wire.port
        _furnish(house)
        yield house, wire


@pytest.mark.parametrize("any_broker", ["embedded", "mosquitto"], indirect=True)
@pytest.mark.parametrize("passes", [True, False], ids=["behind it", "before it"])
@pytest.mark.parametrize("step", STEPS)
def test_the_broker_dies(wired: tuple[House, Wire], step: str, passes: bool):  # noqa: FBT001
    """Whenever the broker dies and comes back empty: a packet may be lost, a press may not."""
    house, wire = wired
    house.start("hub", *HANDLERS, doom="-")
    house.press()
    settle_accounts(house)
    direction, kind, text = STEPS[step]
    dead = threading.Event()

    def watch(way: str, packet: bytes) -> None:
        if (
            way in (direction or way)
            and packet[0] >> 4 == kind
            and text in packet
            and not dead.is_set()
        ):
            dead.set()
            if passes:
                wire.watch = lambda *_: (
                    house.broker.stop(signal.SIGKILL) if house.broker.process else None
                )
            else:
                house.broker.stop(signal.SIGKILL)

    met = _connections(house)
    wire.watch = watch
    house.ring()
    assert dead.wait(PATIENCE_S), house.log("hub")
    until(lambda: house.broker.process is None, "the broker is dead")
    wire.watch = lambda *_: None
    house.broker.start()
    until(
        lambda: all(now > then for now, then in zip(_connections(house), met, strict=True)),
        "everybody comes back",
    )
    house.press()
    settle_accounts(house)


@pytest.mark.parametrize("any_broker", ["embedded", "mosquitto"], indirect=True)
def test_a_flapping_broker_never_rings(wired: tuple[House, Wire]):
    """Restarts, reconnects, retained messages and replayed queries ring nothing."""
    house, wire = wired
    house.start("hub", *HANDLERS)
    for number in range(6):
        house.broker.stop(signal.SIGKILL)
        house.broker.start()
        seen = wire.connections
        until(lambda seen=seen: wire.connections > seen, "somebody comes back")
        if number % 2:
            house.kill("hub")
            house.start("hub", wait=False)
        wire.sever()
    for name in ("hub", *HANDLERS):
        pid = house.processes[name].pid
        until(
            lambda pid=pid, name=name: house.statuses(name, "ready")[-1]["pid"] == pid,
            f"{name} is back",
        )
    assert settle_accounts(house).presses == []
    assert house.ears.events("doorbell.pressed") == []
    assert [house.acts(name) for name in HANDLERS] == [[], []]
    press = house.press()
    settle_accounts(house)
    assert [house.effects(name) for name in HANDLERS] == [[press]] * 2


def test_half_open_wires(mosquitto: BrokerProcess, tmp_path: Path):
    """The hub is not heard, one handler hears nothing, one is cut off both ways, in silence.

    Missing acknowledgements reveal it; what was pressed meanwhile arrives, once.
    """
    with ExitStack() as stack:
        wires = {name: stack.enter_context(wire_to(mosquitto.port)) for name in ("hub", *HANDLERS)}
        house = stack.enter_context(House(tmp_path / "house", mosquitto))
        _furnish(house)
        for name, wire in wires.items():
            house.port = wire.port
            house.start(name, doom="-")
        house.press()
        settle_accounts(house)
        for name, cut in (
            ("hub", {TO_BROKER}),
            ("one", {TO_CLIENT}),
            ("careful", {TO_BROKER, TO_CLIENT}),
        ):
            wires[name].cut = cut
        house.ring()
        until(lambda: house.log("hub").count("pressed (") == 2, lambda: house.log("hub"))
        for wire in wires.values():
            wire.cut = set()
        ledger = settle_accounts(house)
        assert len(ledger.presses) == 2
        assert all(
            handler.acts == [(press, False) for press in ledger.presses]
            for handler in ledger.handlers.values()
        )


def _shuffler() -> Callable[[bytes], bytes]:
    """Lets each event come twice, and every other one only behind the next."""
    kept: list[bytes] = []

    def edit(packet: bytes) -> bytes:
        if packet[0] >> 4 != PUBLISH or b"event/doorbell/pressed" not in packet:
            return packet
        if not kept:
            kept.append(packet)
            return b""
        return packet * 2 + kept.pop() * 2

    return edit


def test_packets_doubled_and_out_of_order(mosquitto: BrokerProcess, tmp_path: Path):
    """A connection that doubles and reorders the events on it changes nothing but their order."""
    with ExitStack() as stack:
        house = stack.enter_context(House(tmp_path / "house", mosquitto))
        _furnish(house)
        house.start("hub")
        for name in HANDLERS:
            wire = stack.enter_context(wire_to(mosquitto.port))
            wire.edit = _shuffler()
            house.port = wire.port
            house.start(name)
        presses = [house.press() for _ in range(8)]
        settle_accounts(house)
        assert [sorted(house.effects(name)) for name in HANDLERS] == [presses] * 2
