"""What the processes say of themselves, read from the broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote import statuses
from tests.forked import PATIENCE_S
from tests.house import free_port
from tests.hub.fakes import HOUSE, HUB, NOTIFY
from tests.servers.brokers import BrokerProcess


@pytest.fixture
def settings(mosquitto: BrokerProcess) -> Settings:
    """Of a house with this broker."""
    return Settings.model_validate({"broker": {"host": "127.0.0.1", "port": mosquitto.port}})


@pytest.fixture
def bus(settings: Settings) -> Iterator[Bus]:
    """A connection, with the retained statuses of a hub and a handler on the broker."""
    bus = Bus(settings.broker)
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    failed = b'{"state": "failed", "detail": "no camera"}'
    assert bus.deliver(HOUSE.status(HUB), b'{"state": "ready"}', timeout_s=PATIENCE_S, retain=True)
    assert bus.deliver(HOUSE.status(NOTIFY), failed, timeout_s=PATIENCE_S, retain=True)
    yield bus
    bus.stop()


@pytest.mark.usefixtures("bus")
def test_the_handlers_say_how_they_are(settings: Settings):
    """In the words of their status, without systemd."""
    found = {name: status.line for name, status in statuses.handlers(settings).items()}
    assert found == {"notify": "failed: no camera"}


@pytest.mark.parametrize(
    ("hub", "asked_by", "words"),
    [
        ("hom", "doorbell/cli/1", "no hub is called 'hom' here. There are: home. Set hub in"),
        ("home", "doorbell/cli/1", "the hub 'home' does not answer. Is it running?"),
        ("hom", "doorbell/web/home", "the hub 'hom' does not answer. Is it running?"),
    ],
)
def test_an_unknown_hub_is_told_with_those_that_there_are(
    bus: Bus, hub: str, asked_by: str, words: str
):
    """To a person at the command line; another process may not see the statuses."""
    assert statuses.unanswered(bus, hub, asked_by).startswith(words)


def test_without_a_broker_the_states_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The reason is in the error; a house without a broker has no states."""
    monkeypatch.setattr(statuses, "CONNECTED_S", 0.3)
    house = {"broker": {"host": "127.0.0.1", "port": free_port()}}
    with pytest.raises(ConnectionError, match=r"no broker at 127\.0\.0\.1"):
        statuses.handlers(Settings.model_validate(house))
    assert statuses.handlers(Settings(state_dir=tmp_path)) == {}
