"""The doctor says of Home Assistant what the broker and the network know; on a real mosquitto."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from config import Broker, HomeAssistant, Settings
from config.reading import sources
from hub.admin.doctor import broker as broker_probe
from hub.admin.doctor import home_assistant as doctor
from hub.admin.doctor.broker import Seen
from hub.admin.doctor.context import Context
from hub.system import dns_sd
from hub.wire.retained import states
from tests.house import Ears
from tests.servers.brokers import BrokerProcess

DISCOVERY = "homeassistant/+/+/config"
ANNOUNCED = "homeassistant/device/doorbell_home/config"
TAKEN = states.taken("homeassistant", "doorbell", "home")
OURS = json.dumps({"state_topic": "doorbell/hub/home/status"})
REPLY = (
    b"\0\0\x84\0\0\0\0\1\0\0\0\1\x04Home\x0f_home-assistant\x04_tcp\x05local\0\0\x0c\0\1\0\0\x11\x94"
    b"\0\2\xc0\x0c\0\x10\0\1\0\0\x11\x94\0\x41\x12location_name=Home\x11version=2026.11.0"
    b"\x1binternal_url=http://ha:8123"
)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A house of which nothing is known yet."""
    return Context(sources.DEMO, Settings(state_dir=tmp_path, handlers_dir=tmp_path))


@pytest.fixture
def look(context: Context, our_mosquitto: BrokerProcess) -> Callable[..., list[str]]:
    """Look at a real broker on which a program listens; nothing answers on the network."""

    def look(*heard: str, announced: str = OURS) -> list[str]:
        ears = Ears(our_mosquitto.port, *(heard or ["elsewhere"]))
        ears.publish(ANNOUNCED, announced, retain=True)
        wanted = Broker(host="127.0.0.1", port=our_mosquitto.port)
        (address,) = wanted.addresses
        context.seen = broker_probe.look(wanted, address, *doctor.probes(context.settings))
        ears.close()
        found = list(doctor.home_assistant(context, lambda *_: ()))
        assert "its version is not known" in found[-1].found
        return [f"{one.state}: {one.found}" for one in found[:-1]]

    return look


def test_home_assistant_that_has_heard_us_is_there(look):
    """It reads announcements, and listens to what ours names."""
    (found,) = look(DISCOVERY, TAKEN)
    assert found.startswith("ok: Home Assistant, or a program like it, has taken what we announced")


def test_one_that_reads_and_does_not_take_is_a_fault(look):
    """Its log says why."""
    (found,) = look(DISCOVERY)
    assert found.startswith("warning: a program reads homeassistant/…, but has not taken")


def test_without_home_assistant_there_is_nothing_to_mend(look):
    """Not everybody has one."""
    assert look() == ["skipped: no program on this broker reads homeassistant/…"]


def test_a_program_that_listens_to_everything_hides_it(look):
    """The broker cannot say who else listens."""
    (found,) = look("#")
    assert found.startswith("skipped: announced on homeassistant/…; a program here listens to")


def test_a_hub_that_is_not_announced_is_named(look):
    """Somebody else's announcement is not ours."""
    other = json.dumps({"state_topic": "zigbee2mqtt/bridge/state"})
    (found,) = look(DISCOVERY, announced=other)
    assert found.startswith(
        "warning: the hub home is not announced on homeassistant/device/+/config"
    )


def test_where_the_broker_does_not_say_it_the_doctor_does_not_either(context):
    """MQTT 3.1.1 has no answer to a publication."""
    context.seen = Seen("3.1.1", announcements=[OURS.encode()])
    found = next(iter(doctor.home_assistant(context, lambda *_: ())))
    assert "this broker speaks MQTT 3.1.1 only, so nobody knows" in found.found


def test_switched_off_nothing_is_asked(context):
    """Neither the broker nor the network."""
    off = HomeAssistant(enabled=False)
    context.given = context.settings.model_copy(update={"homeassistant": off})
    assert doctor.probes(context.settings) == (None, ())
    found = list(doctor.home_assistant(context))
    assert [one.found for one in found] == [
        "[homeassistant] enabled = false: the hub does not announce itself"
    ]


@pytest.mark.parametrize(
    ("version", "state"),
    [("2026.11.0", "ok"), ("2025.4.0b1", "ok"), ("2025.3.4", "warning"), ("2024.12.1", "warning")],
)
def test_its_version_comes_from_the_network(context, version, state):
    """It announces itself there; one that is too old is named."""
    facts = {"version": version, "internal_url": "http://ha:8123"}
    found = list(doctor.home_assistant(context, lambda *_: [facts]))[-1]
    assert (found.state, found.found) == (state, f"Home Assistant {version} is at http://ha:8123")


def test_a_network_that_cannot_be_asked_is_said(context):
    """Without a route for multicast, for example."""

    def fails(*_: object) -> list[dict[str, str]]:
        raise OSError(101, "Network is unreachable")

    found = list(doctor.home_assistant(context, fails))[-1]
    assert found.state == "skipped"
    assert found.found.endswith("the network cannot be asked (Network is unreachable)")


def test_a_reply_of_the_network_is_read():
    """The question is one that a responder understands; facts are of the lengths that they say."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as responder:
        responder.bind(("127.0.0.1", 0))
        asking = dns_sd.find(doctor.SERVICE, 30, responder.getsockname())
        answered = threading.Thread(target=_answer, args=(responder,))
        answered.start()
        assert next(asking) == {
            "location_name": "Home",
            "version": "2026.11.0",
            "internal_url": "http://ha:8123",
        }
        answered.join()


def _answer(responder: socket.socket) -> None:
    question, asker = responder.recvfrom(512)
    assert question[12:] == b"\x0f_home-assistant\x04_tcp\x05local\0\0\x0c\x80\x01"
    responder.sendto(REPLY, asker)
