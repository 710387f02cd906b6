"""What the hub hears for the summary of the day; test_almanac.py shows what becomes of it."""

from datetime import UTC, datetime, timedelta

from hub.features.daily_summary import DEAD, MOST, DailySummary
from tests.hub.fakes import FakeBroker, Producer


def test_a_tally_is_bounded_and_survives_nonsense(states):
    """A handler that gives up all day long, and whatever else is said there."""
    state, net = states("hub"), FakeBroker()
    bus = net.bus()
    tally = DailySummary(state, bus)
    bus.hear("doorbell/handler/x/event/handler.dead/front", b"nonsense")
    dead = Producer(states("x"), net.bus(), "doorbell/handler/x")
    now = datetime.now(UTC)
    for number in range(MOST + 3):
        dead.say("handler.dead", "front", {"handler": "x"}, time=now - timedelta(seconds=number))
    assert tally.count(DEAD, now - timedelta(days=1), now + timedelta(seconds=1)) == {"x": MOST}
