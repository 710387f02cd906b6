"""How a process is: said once, kept by the broker, and said again after each reconnect."""

import json
import os

import pytest

from hub.mqtt.status import REPEAT_S, StatusPublisher, will
from hub.system import sd_notify
from hub.system.backoff import Backoff
from hub.wire.codec import BadMessage
from hub.wire.retained.status import DETAIL_LENGTH, DOORS, TYPES, Status
from tests.forked import PATIENCE_S
from tests.house import until
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


def test_a_handler_says_to_what_it_reacts_from_when_that_is_known(net):
    """Before its file is loaded it does not say; then in each status, also in the last one."""
    status = StatusPublisher(net.bus(), NOTIFY)
    status.set("starting")
    status.reacts_to = ("doorbell.pressed", "notify.told")
    status.set("ready")
    status.set("offline", "stopped")
    types = ["doorbell.pressed", "notify.told"]
    assert [said.get("reacts_to") for said in _said(net)] == [None, types, types]


@pytest.mark.parametrize("letter", ["x", "\N{SNOWMAN}", "\N{BELL}", "\n", "\x01"])
def test_the_longest_status_is_one(net, letter):
    """Whatever its words are; of more types, or doors, than it holds a handler says none."""
    status = StatusPublisher(net.bus(), NOTIFY)
    types = tuple(f"a{number:02}.{'b' * 60}" for number in range(TYPES))
    doors = tuple(f"{number:02}{'d' * 62}" for number in range(DOORS))
    for status.reacts_to, status.doors in ((types, doors), ((*types, "a.b"), (*doors, "front"))):
        status.set("failed", detail=letter * DETAIL_LENGTH)
    read = [Status.decode(payload) for topic, payload in net.heard if topic == TOPIC]
    assert [(said.reacts_to, said.doors) for said in read] == [(types, doors), (None, None)]


@pytest.mark.parametrize("reason", ["it vanished", "tomorrow's"])
def test_a_reason_of_another_version_counts_as_words(reason):
    """Earlier versions had prose there, and a later one may have another code."""
    status = Status.decode(json.dumps({"state": "offline", "reason": reason}).encode())
    assert (status.state, status.reason, status.line) == ("offline", "", f"offline: {reason}")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b'{"state": "well"}',
        b'{"state": "ready", "pid": "1"}',
        b"[" * 9999,
        b'{"state": "ready", "reacts_to": "doorbell.pressed"}',
        b'{"state": "ready", "reacts_to": ["Doorbell pressed"]}',
        b'{"state": "ready", "reacts_to": [["doorbell.pressed"]]}',
        json.dumps({"state": "ready", "reacts_to": ["a.b"] * (TYPES + 1)}).encode(),
        json.dumps({"state": "ready", "reacts_to": ["a." + "b" * 63]}).encode(),
        b'{"state": "ready", "doors": "front"}',
        b'{"state": "ready", "doors": ["Front door"]}',
        json.dumps({"state": "ready", "doors": ["a"] * (DOORS + 1)}).encode(),
    ],
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


def _publish(net, payload):
    """As any program on the broker can."""
    net.take(TOPIC, payload, retained=False)


@pytest.mark.parametrize(
    "forged", [b"", b"nonsense", b'{"state": "offline", "reason": "vanished", "detail": ""}']
)
def test_the_last_word_is_its_own(net, forged):
    """Cleared, forged, or the last will of an earlier connection: the true status comes again."""
    bus = net.bus(connected=False)
    status = StatusPublisher(bus, NOTIFY)
    bus.connect()
    status.set("ready")
    _publish(net, forged)
    until(lambda: _last(net).get("state") == "ready", "it is published again")


def test_of_two_threads_that_publish_at_once_the_last_word_is_the_newer_one(net, monkeypatch):
    """What is said at the connection may come onto the wire behind what a process says then."""
    bus = net.bus(connected=False)
    status = StatusPublisher(bus, NOTIFY)

    def interrupt(state, _):
        if state == "starting":
            status.set("ready")

    monkeypatch.setattr(sd_notify, "status", interrupt)
    bus.connect()
    assert [said["state"] for said in _said(net)][:2] == ["ready", "starting"]
    until(lambda: _last(net).get("state") == "ready", "the newer one is published again")


def test_what_it_has_published_itself_is_no_overwriting(net):
    """Also if it changes faster than it comes back, or comes back twice."""
    net.fate = lambda *_: -1
    bus = net.bus()
    status = StatusPublisher(bus, NOTIFY)
    for state in ("starting", "ready", "failed", "ready"):
        status.set(state)
    net.fate = lambda *_: 2
    net.release()
    assert not status._repeat.is_waiting
    assert len(_said(net)) == 4


def test_what_will_be_overwritten_anyway_is_not_answered(net):
    """A foreign status that comes before our own last one changes nothing."""
    bus = net.bus()
    status = StatusPublisher(bus, NOTIFY)
    status._repeat._backoff = Backoff(PATIENCE_S, PATIENCE_S)
    net.fate = lambda *_: -1
    status.set("ready")
    net.fate = lambda *_: 1
    bus.hear(TOPIC, b"")
    assert not status._repeat.is_waiting
    net.release()
    bus.hear(TOPIC, b"")
    assert status._repeat.is_waiting
    status._repeat._timer.cancel()


def test_what_the_broker_had_kept_is_not_answered(net):
    """It is from before this connection, which begins with our own status."""
    bus = net.bus()
    status = StatusPublisher(bus, NOTIFY)
    status.set("ready")
    bus.hear(TOPIC, b'{"state": "offline"}', retained=True)
    assert not status._repeat.is_waiting


def test_two_do_not_overwrite_each_other_for_ever(net):
    """Each repetition waits longer than the one before, up to a limit."""
    waits = []

    def wait(first_s, longest_s):
        waits.append((first_s, longest_s))
        return 0.0

    bus = net.bus()
    status = StatusPublisher(bus, NOTIFY)
    status._repeat._backoff = Backoff(0.05, REPEAT_S, wait)
    status.set("ready")
    for number in range(15):
        bus.hear(TOPIC, b"")
        until(lambda number=number: len(_said(net)) == number + 2, "it is published again")
        until(lambda: not status._repeat.is_waiting, "it waits for nothing")
        until(lambda: not status._unheard, "it has come back")
    longest = [most for _, most in waits]
    assert longest == sorted(longest)
    assert longest[-1] == REPEAT_S


def _last(net):
    payload = [payload for topic, payload in net.heard if topic == TOPIC][-1]
    return json.loads(payload) if payload.startswith(b"{") else {}
