"""The promise on brokers that take QoS 0 only, keep nothing, or take small messages."""

import signal
from collections.abc import Iterator

import pytest

from tests import forked
from tests.house import House, until
from tests.servers.brokers import BrokerProcess, mosquitto_broker
from tests.wire import PUBLISH, wire_to, without

pytestmark = pytest.mark.fault_matrix
LIMITS = {
    "QoS 0": ("", "max_qos 0"),
    "keeps nothing": ("retain_available false", ""),
    "all": ("retain_available false\nmax_packet_size 2000", "max_qos 0"),
}
WORDS = {
    "QoS 0": ["it takes QoS 0 only"],
    "keeps nothing": ["it keeps no retained messages"],
    "all": ["it takes QoS 0 only", "it keeps no retained messages", "it takes 2000 bytes"],
}


@pytest.fixture(params=list(LIMITS))
def limit(request: pytest.FixtureRequest) -> str:
    """What is limited."""
    return str(request.param)


@pytest.fixture
def limited(limit: str, mosquitto_program: str, tmp_path) -> Iterator[BrokerProcess]:
    """A mosquitto with this limit."""
    with mosquitto_broker(mosquitto_program, tmp_path, *LIMITS[limit]) as broker:
        yield broker


def test_each_press_has_its_effect_once(limited: BrokerProcess, limit: str, tmp_path):
    """Also one that got lost on the way to the handler, and one of an hour without it."""
    with wire_to(limited.port) as wire, House(tmp_path / "house", limited) as house:
        house.ears.qos = 0
        house.settings = "".join(
            f"[handlers.{name}]\nenabled = false\n"
            for name in ("notify", "record", "light", "bark", "log", "visit")
        )
        house.write_handler("one", "done(event)")
        house.start("hub")
        house.port = wire.port
        house.start("one")
        presses = [house.press()]
        _wait_effects(house, presses)
        wire.edit = without(PUBLISH)
        presses.append(house.press())
        wire.edit = lambda packet: packet
        presses.append(house.press())
        _wait_effects(house, presses)
        house.kill("one", signal.SIGTERM)
        presses += [house.press() for _ in range(20)]
        house.start("one")
        _wait_effects(house, presses)
        limited.stop()
        limited.start()
        presses.append(house.press())
        _wait_effects(house, presses)
        _check_doctor(house, WORDS[limit])


def _wait_effects(house: House, presses: list[str]) -> None:
    """Each once, in whatever order: what was lost comes after what was said since."""
    until(lambda: len(house.effects("one")) >= len(presses), lambda: house.log("one"))
    assert sorted(house.effects("one")) == sorted(presses)


def _check_doctor(house: House, words: list[str]) -> None:
    """It finds broker and hub, and says what is lost."""
    done = forked.run("hub.cli.main", "doctor", "--config", house.config)
    said = " ".join(done.stdout.split())
    assert not done.stderr, done.stderr
    assert done.returncode >= 0, done.returncode
    assert all(one in said for one in words), said
    assert "hub: ready" in said
