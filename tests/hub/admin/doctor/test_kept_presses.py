"""The doctor tries whether a broker keeps presses of other devices while the hub restarts."""

from pathlib import Path

import pytest

from config import Settings
from hub.admin.doctor.broker import Seen
from hub.admin.doctor.context import Context
from hub.admin.doctor.kept_presses import kept_presses
from hub.mqtt.connection.limits import Limits
from tests.servers.brokers import BrokerProcess, mosquitto_broker

BELL = {"topic": "zigbee2mqtt/bell", "door": "front", "say": "doorbell.pressed"}


def _found(
    broker: BrokerProcess | None, protocol: str = "5.0", qos: int = 1, **triggers: object
) -> tuple[str, str]:
    port = broker.port if broker else 1883
    settings = Settings.model_validate(
        {"broker": {"host": "127.0.0.1", "port": port}, "triggers": triggers}
    )
    seen = Seen(protocol, Limits(qos=qos)) if broker else None
    (finding,) = kept_presses(Context(Path("doorbell.toml"), settings, seen=seen))
    return finding.state, finding.found


@pytest.mark.parametrize(
    ("config", "state", "words"),
    [
        ("queue_qos0_messages true", "ok", "the broker keeps presses of other devices for 120 s"),
        ("", "warning", "if it has QoS 1 only, and most devices send QoS 0"),
    ],
)
def test_it_tries_what_the_broker_keeps(mosquitto_program, tmp_path, config, state, words):
    """With both levels of QoS, because most devices send without an acknowledgement."""
    with mosquitto_broker(mosquitto_program, tmp_path, config) as broker:
        found = _found(broker, bell=BELL)
    assert (found[0], words in found[1]) == (state, True), found


def test_a_broker_without_mqtt_5_or_qos_1_keeps_nothing_for_us(mosquitto):
    """Its sessions would never end: a press of yesterday could ring."""
    assert _found(mosquitto, "3.1.1", bell=BELL)[0] == "warning"
    assert _found(mosquitto, qos=0, bell=BELL)[0] == "warning"


def test_what_cannot_be_tried_is_skipped(mosquitto):
    """No broker, and a house without such a button."""
    assert _found(None, bell=BELL)[0] == "skipped"
    seen = BELL | {"say": "visitor.seen", "what": "person"}
    assert _found(mosquitto, person=seen) == (
        "skipped",
        "no button of another device rings here ([triggers])",
    )
