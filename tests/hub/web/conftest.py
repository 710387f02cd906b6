"""A state file in whose time the story of `Story` is not old yet, whatever the day of the test."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hub.store.state import State
from hub.web.login.attempts import Attempts
from hub.web.rate_limiter import RateLimiter
from tests.hub.web.client import close_sites
from tests.hub.web.guest_book.story import BEGAN, Story

LATER_S = 6 * 86_400


@pytest.fixture(autouse=True)
def _closed_sites() -> Iterator[None]:
    yield
    close_sites()


@pytest.fixture
def state(state) -> State:
    """One new state file, six days after that story began."""
    return after_the_story(state)


@pytest.fixture
def now_story(state) -> Story:
    """What happens at the doors now: its visitors wait."""
    return Story(datetime.fromtimestamp(state.clock.unix_s(), UTC))


def after_the_story(state: State) -> State:
    """Set its clock to six days after that story began."""
    state.clock.ahead_s = BEGAN.timestamp() + LATER_S - time.time()
    return state


@pytest.fixture
def standing_limits(monkeypatch):
    """For all that is limited no time passes while the test runs, however slow the machine is."""
    monkeypatch.setitem(RateLimiter.__init__.__kwdefaults__, "seconds", lambda: 0.0)
    monkeypatch.setattr(Attempts.__init__, "__defaults__", (lambda: 0.0,))
