"""A ring for Home Assistant: one for each young press, and none by itself."""

from datetime import UTC, datetime

import pytest

from hub.wire import topics
from tests.hub.fakes import ring


def _ids(hub):
    return [one["id"] for one in hub.rings]


def test_a_press_is_a_ring_at_once(hub):
    """With its id, its age and how it came."""
    press = ring(hub.producer, via="button")
    (shown,) = hub.rings
    assert (shown["event_type"], shown["id"], shown["via"]) == ("ring", press.id, "button")
    assert 0 <= shown["age_s"] < 60


def test_a_press_that_comes_late_is_missed(hub):
    """After an outage of an hour nothing rings; the door names the three presses."""
    hub.bus.connected.clear()
    presses = [ring(hub.producer, age_s=3600 - minute * 60) for minute in range(3)]
    hub.bus.connect()
    hub.tick(5)
    assert hub.rings == []
    assert hub.door["missed"] == [f"{one.time:%Y-%m-%dT%H:%M:%SZ}" for one in presses]
    assert hub.door["visitor"] == hub.door["missed"][-1]


def test_a_press_of_a_short_outage_rings(hub):
    """It is younger than a minute when the broker is back."""
    hub.bus.connected.clear()
    press = ring(hub.producer, age_s=20)
    hub.bus.connect()
    assert _ids(hub) == [press.id]


def test_a_press_that_may_be_lost_rings_again_with_its_id(hub):
    """The broker died before it acknowledged: what listens tells the two apart by the id."""
    hub.bus.acknowledges = None
    press = ring(hub.producer)
    hub.bus.connected.clear()
    hub.bus.connect()
    assert _ids(hub) == [press.id] * 2


def test_what_home_assistant_may_not_have_heard_is_repeated(hub):
    """It subscribes after the broker's return when the presses are published already."""
    press = ring(hub.producer)
    hub.says("online")
    assert _ids(hub) == [press.id] * 2
    ring(hub.producer)
    hub.says("online")
    hub.says("online")
    assert len(hub.rings) == 3


def test_a_press_while_home_assistant_is_away_rings_or_is_missed(hub):
    """It rings if Home Assistant is back within a minute; an older one is noted."""
    hub.says("online")
    hub.says("offline")
    old = ring(hub.producer)
    hub.state.clock.passed_s += 50
    young = ring(hub.producer, age_s=-50)
    hub.state.clock.passed_s += 20
    hub.says("online")
    assert _ids(hub) == [old.id, young.id, young.id]
    hub.tick()
    assert len(hub.door["missed"]) == 1


def test_a_killed_home_assistant_is_not_told_again(hub):
    """It was connected until its will came, and has forgotten which rings it has shown."""
    press = ring(hub.producer)
    hub.says("offline")
    hub.says("online")
    assert _ids(hub) == [press.id]


def test_a_restart_rings_nothing(hub):
    """Neither the hub's, nor that of Home Assistant after it."""
    ring(hub.producer)
    hub.tick()
    hub.producer.settle()
    hub.net.heard.clear()
    hub.start()
    hub.says("online")
    assert hub.rings == []
    assert hub.door["visitor"]


def test_what_was_shown_before_a_hubs_start_is_not_called_missed(hub):
    """The hub does not know whether Home Assistant was there: it says nothing wrong."""
    ring(hub.producer)
    hub.state.clock.passed_s += 3600
    hub.says("online")
    hub.tick()
    assert hub.door["missed"] == []


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("doorbell.double_pressed", "double_press"), ("doorbell.long_pressed", "long_press")],
)
def test_other_presses_have_their_own_words(hub, kind, shown):
    """What the button can do, in Home Assistant's words."""
    hub.producer.publish(kind, "front", {}, time=datetime.now(UTC))
    assert [one["event_type"] for one in hub.rings] == [shown]


def test_a_drill_rings_nowhere(hub):
    """Nobody is at the door."""
    hub.producer.publish(topics.DRILLED, "front", {"name": "F"}, time=datetime.now(UTC))
    assert hub.rings == []
