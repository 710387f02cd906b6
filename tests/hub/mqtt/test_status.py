"""How a process is: said once, kept by the broker, and said again after each reconnect."""

import json
import os

from hub.mqtt.status import Status, will
from tests.hub.fakes import NOTIFY

TOPIC = f"{NOTIFY}/status"


def _said(net):
    return [json.loads(payload) for topic, payload in net.heard if topic == TOPIC]


def test_a_status_is_kept_by_the_broker(net):
    """Retained, with the reason, the process and what is spoken with the broker."""
    bus = net.bus()
    Status(bus, NOTIFY).set("failed", "no such camera")
    (said,) = _said(net)
    assert (said["state"], said["reason"], said["pid"], said["mqtt"]) == (
        "failed",
        "no such camera",
        os.getpid(),
        "5.0",
    )
    assert said["time"].endswith("Z")
    assert bus.retained == [TOPIC]


def test_before_anything_else_a_process_is_starting(net):
    """The first connection says so by itself."""
    bus = net.bus(connected=False)
    Status(bus, NOTIFY)
    bus.connect()
    assert [said["state"] for said in _said(net)] == ["starting"]


def test_after_a_reconnect_the_status_is_said_again(net):
    """The broker may have lost it, or may have put the last will in its place."""
    bus = net.bus()
    status = Status(bus, NOTIFY)
    status.set("ready")
    bus.connected.clear()
    status.set("failed", "it is dark")
    bus.connect()
    assert [(said["state"], said["reason"]) for said in _said(net)] == [
        ("ready", ""),
        ("failed", "it is dark"),
    ]


def test_what_is_wrong_with_a_part_is_said_beside_that_all_else_is_ready(net):
    """By part, until it is mended; a reason for not being ready goes before it."""
    status = Status(net.bus(), NOTIFY)
    status.note("camera", "no picture")
    status.set("ready")
    status.note("disk", "it is full")
    status.note("camera", "")
    status.note("camera", "no picture")
    status.set("offline", "stopped")
    assert [(said["state"], said["reason"]) for said in _said(net)] == [
        ("ready", "no picture"),
        ("ready", "no picture; it is full"),
        ("ready", "it is full"),
        ("ready", "no picture; it is full"),
        ("offline", "stopped"),
    ]


def test_the_last_will_is_offline():
    """Who vanishes is offline, and it shows that it was no good-bye."""
    assert will(NOTIFY).topic == TOPIC
    assert json.loads(will(NOTIFY).payload) == {"state": "offline", "reason": "it vanished"}
