"""The counts for the summary of the day; test_calendar.py has the event."""

from datetime import UTC, datetime, timedelta

from hub.features.daily_summary import DEAD, MOST, DailySummary
from tests.hub.fakes import FakeBroker, Producer


def test_the_counts_are_bounded_and_survive_nonsense(states):
    """A handler that fails all day, and messages that are not events."""
    state, net = states("hub"), FakeBroker()
    bus = net.bus()
    tally = DailySummary(state, bus)
    bus.hear("doorbell/handler/x/event/handler/dead/front", b"nonsense")
    dead = Producer(states("x"), net.bus(), "doorbell/handler/x")
    now = datetime.now(UTC)
    for number in range(MOST + 3):
        dead.publish(
            "handler.dead", "front", {"handler": "x"}, time=now - timedelta(seconds=number)
        )
    assert tally.count(DEAD, now - timedelta(days=1), now + timedelta(seconds=1)) == {"x": MOST}
