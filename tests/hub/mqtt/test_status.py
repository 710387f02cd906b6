"""How a process is: said once, kept by the broker, and said again after each reconnect."""

import json
import os

import pytest

from hub.mqtt.status import StatusPublisher, will
from hub.wire.codec import BadMessage
from hub.wire.status import DETAIL_LENGTH, Status
from tests.hub.fakes import HOUSE, NOTIFY

TOPIC = f"{NOTIFY}/status"


def _said(net):
    return [json.loads(payload) for topic, payload in net.heard if topic == TOPIC]


def test_a_status_is_kept_by_the_broker(net):
    """Retained, with the reason, the process and what is spoken with the broker."""
    bus = net.bus()
    StatusPublisher(bus, NOTIFY).set("failed", detail="no such camera")
    (said,) = _said(net)
    assert (said["state"], said["detail"], said["pid"], said["mqtt"]) == (
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
    StatusPublisher(bus, NOTIFY)
    bus.connect()
    assert [said["state"] for said in _said(net)] == ["starting"]


def test_after_a_reconnect_the_status_is_said_again(net):
    """The broker may have lost it, or may have put the last will in its place."""
    bus = net.bus()
    status = StatusPublisher(bus, NOTIFY)
    status.set("ready")
    bus.connected.clear()
    status.set("failed", detail="it is dark")
    bus.connect()
    assert [(said["state"], said["reason"], said["detail"]) for said in _said(net)] == [
        ("ready", "", ""),
        ("failed", "fault", "it is dark"),
    ]


def test_what_is_wrong_with_a_part_is_said_beside_that_all_else_is_ready(net):
    """By part, until it is mended; a reason for not being ready goes before it."""
    status = StatusPublisher(net.bus(), NOTIFY)
    status.note("camera", "no picture")
    status.set("ready")
    status.note("disk", "it is full")
    status.note("camera", "")
    status.note("camera", "no picture")
    status.set("offline", "stopped")
    assert [(said["state"], said["reason"], said["detail"]) for said in _said(net)] == [
        ("ready", "fault", "no picture"),
        ("ready", "fault", "no picture; it is full"),
        ("ready", "fault", "it is full"),
        ("ready", "fault", "it is full; no picture"),
        ("offline", "stopped", ""),
    ]


def test_what_a_person_wants_private_is_no_fault(net):
    """The code tells them apart, whatever the words are; one fault beside it counts."""
    status = StatusPublisher(net.bus(), NOTIFY)
    status.set("ready")
    status.note("camera", "private until 16:30", "private")
    status.note("disk", "it is full")
    assert [said["reason"] for said in _said(net)] == ["", "private", "fault"]


def test_words_are_cut_to_what_may_be_published(net):
    """A status is small, whatever has failed."""
    StatusPublisher(net.bus(), NOTIFY).set("failed", detail="x" * 10_000)
    (payload,) = [payload for topic, payload in net.heard if topic == TOPIC]
    assert len(Status.decode(payload).detail) == DETAIL_LENGTH


@pytest.mark.parametrize("reason", ["it vanished", "tomorrow's"])
def test_a_reason_of_another_version_counts_as_words(reason):
    """Earlier versions had prose there, and a later one may have another code."""
    status = Status.decode(json.dumps({"state": "offline", "reason": reason}).encode())
    assert (status.state, status.reason, status.line) == ("offline", "", f"offline: {reason}")


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"state": "well"}', b'{"state": "ready", "pid": "1"}', b"[" * 9999],
)
def test_what_is_no_status_is_refused(payload):
    """Whatever lies on that topic."""
    with pytest.raises(BadMessage):
        Status.decode(payload)


def test_the_last_will_is_offline():
    """Who vanishes is offline, and it shows that it was no good-bye."""
    assert will(NOTIFY, HOUSE.root).topic == TOPIC
    assert json.loads(will(NOTIFY, HOUSE.root).payload) == {
        "state": "offline",
        "reason": "vanished",
        "detail": "",
    }
