"""Messages of other devices as events: what rings, what does not, and never twice."""

import json
import sqlite3
from datetime import timedelta

import pytest

from config import Settings
from hub.features.triggers.earlier_events import REDELIVERED_S
from hub.features.triggers.feature import Triggers
from hub.features.triggers.message_ids import id_of
from hub.mqtt.bus import Message
from hub.producer.reporter import Reporter
from tests.house import House, until
from tests.hub.fakes import FakeBroker, Producer

SEEN = {"topic": "frigate/events", "door": "front", "say": "visitor.seen", "what": "person"}
RING = {"topic": "zigbee2mqtt/+/action", "door": "front", "say": "doorbell.pressed"}
OPENED = {"topic": "z/contact", "door": "front", "say": "visitor.answered", "answer": "opened"}


class Gate:
    """A hub with these triggers on a broker in memory, and a clock that the test sets."""

    def __init__(self, states, **triggers):
        self.s = 100.0
        self.net = FakeBroker()
        self.settings = Settings.model_validate({"triggers": triggers})
        self.state = states("hub-triggers")
        self.start()

    def start(self):
        self.bus = self.net.bus()
        self.producer = Producer(self.state, self.bus, "doorbell/hub/home")
        reporter = Reporter(self.producer)
        Triggers(self.settings, reporter, self.producer, self.bus, seconds=lambda: self.s)

    def hear(self, topic, payload, *, retained=False, again=False):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.bus.hear(topic, text.encode(), retained=retained, again=again)
        self.s += 10

    def published(self, kind):
        """The events, each once: a restart publishes again what was not acknowledged."""
        return [
            dict(event.data)
            for event in {event.id: event for event in self.net.events(kind)}.values()
        ]


def test_a_message_that_fits_becomes_an_event_of_the_hub(states):
    """All fields of `when` must match; dots lead inside."""
    gate = Gate(states, person=SEEN | {"when": {"type": "new", "after.label": "person"}})
    gate.hear("frigate/events", {"type": "new", "after": {"label": "dog"}})
    gate.hear("frigate/events", {"type": "update", "after": {"label": "person"}})
    gate.hear("frigate/events", "no JSON")
    gate.hear("frigate/events", {"type": "new", "after": {"label": "person"}})
    assert gate.published("visitor.seen") == [
        {"name": "Front door", "via": "trigger", "trigger": "person", "what": "person"}
    ]


@pytest.mark.parametrize(
    ("when", "payload", "holds"),
    [
        ("ON", "on", True),
        ("ON", "OFF", False),
        (None, "whatever", True),
        (1, "1", True),
        (1, "true", False),
        (True, "true", True),
        (True, "1", False),
        ("single", '"single"', True),
        ("1", "1", True),
        ("true", "true", True),
        ({"contact": False}, '{"contact": false}', True),
        ({"contact": False}, '{"contact": 0}', False),
        ({"contact": False}, "{}", False),
        ({"contact": False}, "[]", False),
        ({"a.b": 1}, '{"a.b": 1}', True),
        ({"a.b": 1}, '{"a": {"b": 1.0}}', True),
        ({"a.b": 1}, '{"a": 1}', False),
        ({"a.0.b": 1}, '{"a": [{"b": 1}]}', True),
        ({"a.1": "x"}, '{"a": ["x", "X"]}', True),
        ({"a.1": "x"}, '{"a": ["x"]}', False),
        ({"a.-1": "x"}, '{"a": ["x"]}', False),
        ({"0": "x"}, '["x"]', True),
        ({"0": "x"}, '{"0": "x"}', True),
        ({"a." + "9" * 9000: "x"}, '{"a": ["x"]}', False),
        (["ON", "PRESS"], "press", True),
        (["ON", "PRESS"], "OFF", False),
        ({"action": ["single", "double"], "n": 1}, '{"action": "double", "n": 1}', True),
        ({"action": ["single", "double"], "n": 1}, '{"action": "double", "n": 2}', False),
        ({"n": [1, None]}, '{"n": null}', True),
        ({"n": [1, None]}, "{}", False),
        ("x", "[" * 100_000, False),
    ],
)
def test_when_compares_values(states, when, payload, holds):
    """Text in any case, numbers as numbers, true only as true."""
    gate = Gate(states, bell=RING | ({} if when is None else {"when": when}))
    gate.hear("zigbee2mqtt/gate/action", payload)
    assert len(gate.published("doorbell.pressed")) == holds


def test_a_retained_message_never_rings(states):
    """It is a state: after a restart of the hub or the broker nobody is at the door."""
    gate = Gate(states, bell=RING)
    gate.hear("zigbee2mqtt/gate/action", "single", retained=True)
    assert gate.published("doorbell.pressed") == []


def test_on_change_triggers_once_for_each_change(states):
    """The first message after a start is no change, unless a retained one came before."""
    gate = Gate(states, opened=OPENED | {"when": {"contact": False}, "on_change": True})
    for contact in (False, False, True, True, False, False, True, False):
        gate.hear("z/contact", {"contact": contact})
    assert [one["answer"] for one in gate.published("visitor.answered")] == ["opened", "opened"]
    gate.start()
    gate.hear("z/contact", {"contact": True}, retained=True)
    gate.hear("z/contact", {"contact": False})
    assert len(gate.published("visitor.answered")) == 3


def test_the_same_value_triggers_once_ever(states):
    """Even after a restart, and however much later."""
    gate = Gate(states, person=SEEN | {"once_per": "after.id"})
    for number in (1, 1, 2):
        gate.hear("frigate/events", {"after": {"id": f"17.{number}-abc"}})
    gate.start()
    gate.hear("frigate/events", {"after": {"id": "17.1-abc"}})
    gate.hear("frigate/events", {"after": {}})
    assert len(gate.published("visitor.seen")) == 2


def test_a_wildcard_costs_bounded_memory(states, monkeypatch):
    """Of thousands of topics below it the oldest are forgotten."""
    monkeypatch.setattr("hub.features.triggers.feature.TOPICS", 3)
    gate = Gate(states, bell=RING | {"topic": "z/+", "when": {"state": "on"}, "on_change": True})
    gate.hear("z/0", {"state": "off"})
    for number in range(1, 4):
        gate.hear(f"z/{number}", {"state": "off"})
    gate.hear("z/0", {"state": "on"})
    gate.hear("z/3", {"state": "on"})
    assert len(gate.published("doorbell.pressed")) == 1


def test_no_more_often_than_it_may(states):
    """`every_s` limits a nervous sensor."""
    gate = Gate(states, person=SEEN | {"every_s": 25})
    for _ in range(6):
        gate.hear("frigate/events", {})
    assert len(gate.published("visitor.seen")) == 2


def test_a_burst_is_one_ring_over_a_restart(states):
    """Radio buttons send a press many times: the hub may start again in the middle of it."""
    gate = Gate(
        states,
        bell=RING | {"every_s": 3600},
        other=RING | {"topic": "z/other", "every_s": 3600},
    )
    gate.hear("zigbee2mqtt/gate/action", "single")
    gate.start()
    gate.hear("zigbee2mqtt/gate/action", "single")
    gate.hear("z/other", "single")
    assert [one["trigger"] for one in gate.published("doorbell.pressed")] == ["bell", "other"]


PRESS = "zigbee2mqtt/gate/action", "single"


def test_a_message_given_again_is_the_same_press(states):
    """The hub died before it was known that the broker had its event: in the journal it is."""
    gate = Gate(states, bell=RING | {"every_s": 0})
    gate.hear(*PRESS)
    gate.start()
    gate.hear(*PRESS, again=True)
    assert len(gate.published("doorbell.pressed")) == 1


@pytest.mark.parametrize("ahead_h", [-3, 3])
def test_a_message_given_again_after_the_clock_was_set_is_the_same_press(states, ahead_h):
    """Its event is as old as it is, whatever the wall clock said then."""
    gate = Gate(states, bell=RING | {"every_s": 0})
    clock, topic, payload = gate.state.clock, PRESS[0], PRESS[1].encode()
    clock.ahead_s, clock.synchronised = ahead_h * 3600.0, False
    data, event_id = {"trigger": "bell"}, id_of(topic, payload)
    gate.producer.publish("doorbell.pressed", "front", data, time=clock.utc(), id=event_id)
    clock.ahead_s, clock.synchronised = 0.0, True
    gate.start()
    gate.hear(*PRESS, again=True)
    assert len(gate.published("doorbell.pressed")) == 1
    clock.passed_s = REDELIVERED_S
    gate.hear(*PRESS, again=True)
    assert len(gate.published("doorbell.pressed")) == 2


def test_a_message_given_again_after_a_reboot_is_no_repeat_of_what_was_long_before(states):
    """Of a boot without a time nothing says how old its events are: the bell rings."""
    gate = Gate(states, bell=RING | {"every_s": 0})
    clock, topic, payload = gate.state.clock, PRESS[0], PRESS[1].encode()
    clock.synchronised, before = False, clock.utc() - timedelta(hours=1)
    data, event_id = {"trigger": "bell"}, id_of(topic, payload)
    gate.producer.publish("doorbell.pressed", "front", data, time=before, id=event_id)
    clock.reboot(synchronised=False)
    gate.start()
    gate.hear(*PRESS, again=True)
    assert len(gate.published("doorbell.pressed")) == 2


def test_a_message_given_again_late_is_the_same_press(states):
    """That the next process has published its event says nothing about the message."""
    gate = Gate(states, bell=RING | {"every_s": 0})
    gate.hear(*PRESS)
    gate.start()
    gate.bus.connect()
    gate.producer.settle()
    gate.hear(*PRESS, again=True)
    assert len(gate.published("doorbell.pressed")) == 1


def test_a_second_press_given_again_is_no_repeat_of_the_first(states):
    """The first one's event was published at once, so that its message was acknowledged, too."""
    gate = Gate(states, bell=RING | {"every_s": 0})
    gate.hear(*PRESS)
    gate.producer.settle()
    gate.start()
    gate.hear(*PRESS, again=True)
    gate.hear("zigbee2mqtt/gate/action", "double", again=True)
    assert len(gate.published("doorbell.pressed")) == 3


def test_presses_come_by_a_connection_of_their_own(states):
    """Its session is kept; everything else stays on the clean one."""
    net = FakeBroker()
    bus, kept = net.bus(), net.bus()
    settings = Settings.model_validate({"triggers": {"bell": RING, "person": SEEN}})
    producer = Producer(states("hub-kept"), bus, "doorbell/hub/home")
    Triggers(settings, Reporter(producer), producer, bus, kept)
    assert (kept.filters(), "frigate/events" in bus.filters()) == ([RING["topic"]], True)
    assert RING["topic"] not in bus.filters()


def test_a_kept_connection_that_fails_is_a_fault(states):
    """The bell's own button rings, and others do not: after some seconds the hub says so."""
    net = FakeBroker()
    bus, kept = net.bus(), net.bus(connected=False)
    settings = Settings.model_validate({"triggers": {"bell": RING}})
    producer = Producer(states("hub-kept"), bus, "doorbell/hub/home")
    triggers = Triggers(settings, Reporter(producer), producer, bus, kept)
    for _ in range(4):
        triggers.tick()
    assert triggers.faults == []
    triggers.tick()
    assert triggers.faults == [f"buttons of other devices: {kept.absence}"]
    kept.connected.set()
    triggers.tick()
    assert triggers.faults == []


def test_two_triggers_on_one_topic_both_trigger(states):
    """The topics below a wildcard are kept apart."""
    gate = Gate(
        states, one=RING | {"when": "single"}, two=SEEN | {"topic": RING["topic"], "when": "double"}
    )
    gate.hear("zigbee2mqtt/a/action", "single")
    gate.hear("zigbee2mqtt/b/action", "double")
    assert (len(gate.published("doorbell.pressed")), len(gate.published("visitor.seen"))) == (1, 1)


def test_filters_that_overlap_take_a_message_once(states):
    """It is acknowledged when both triggers are through with it."""
    gate = Gate(
        states,
        one=RING | {"topic": "z/+", "every_s": 0},
        two=RING | {"topic": "z/bell", "every_s": 0},
    )
    gate.hear("z/bell", "single")
    gate.hear("z/other", "single")
    assert [one["trigger"] for one in gate.published("doorbell.pressed")] == ["one", "two", "one"]
    assert gate.bus.acknowledged == ["z/bell", "z/other"]


def test_a_key_that_is_no_text_is_a_key_too(states):
    """JSON can hold half a character, which no UTF-8 can (RFC 8259, 8.2)."""
    gate = Gate(states, person=SEEN | {"once_per": "id"})
    gate.hear("frigate/events", '{"id": "\\ud800 1"}')
    gate.hear("frigate/events", '{"id": "\\ud800 2"}')
    gate.hear("frigate/events", '{"id": "\\ud800 1"}')
    assert len(gate.published("visitor.seen")) == 2


def test_a_journal_that_cannot_be_read_loses_no_press(states):
    """Then nothing tells whether it is a repeat: rather twice than never."""
    gate = Gate(states, bell=RING)
    unreadable = sqlite3.SQLITE_READ, "journal", "time"
    gate.state._file.connection.set_authorizer(
        lambda *asked: sqlite3.SQLITE_DENY if asked[:3] == unreadable else sqlite3.SQLITE_OK
    )
    gate.hear("zigbee2mqtt/bell/action", "single", again=True)
    assert len(gate.published("doorbell.pressed")) == 1


def test_every_message_is_acknowledged(states):
    """An invalid one must not wait at the broker."""
    gate = Gate(states, person=SEEN)
    acknowledged = []
    for payload in (b"\xff\xfe", b"", b"{}"):
        message = Message(
            "frigate/events", payload, retained=False, ack=lambda: acknowledged.append(1)
        )
        (receive,) = [
            receive for topic, receive in gate.bus._subscriptions if topic == "frigate/events"
        ]
        receive(message)
    assert len(acknowledged) == 3


def test_a_wireless_button_rings_the_whole_house(house: House):
    """Real processes and a real broker: a foreign message, a press, an effect."""
    house.write_handler("one", "done(event)")
    house.settings = """
        [triggers.gate]
        topic = "zigbee2mqtt/gate"
        door = "front"
        say = "doorbell.pressed"
        when = { action = "single" }
    """
    house.start("hub", "one")
    until(lambda: house.log("hub").count("connected to the broker") >= 2, "both connections stand")
    house.ears.publish("zigbee2mqtt/gate", '{"action": "single", "battery": 97}')
    (press,) = until(lambda: house.ears.events("doorbell.pressed"), lambda: house.log("hub"))
    assert press["data"]["via"] == "trigger"
    house.wait_outcome(press["id"], "one")
    assert house.effects("one") == [press["id"]]
