"""A handler that says when to try again is obeyed, and that costs it no attempt."""

import logging
import math

import pytest

from hub import RetryAfter
from tests.hub.fakes import ring, rows


def _when(failures, wait_s=0.02, error=None):
    """A function that asks for a wait so many times, and the attempts that it saw."""
    seen = []

    def function(event, config):
        seen.append((event.attempt, event.redelivered))
        if len(seen) <= failures:
            raise error or RetryAfter("the service is busy", wait_s)

    return function, seen


def test_a_wait_is_obeyed_and_is_no_attempt(react, hub, caplog):
    """It may be asked for more often than there are attempts; an outcome tells of each wait.

    The log does not warn of it: an answer that comes later is no failure.
    """
    caplog.set_level(logging.INFO)
    ring(hub)
    function, seen = _when(8)
    said = react(function, until=9, since_s=60, attempts=2, backoff_s=0.01)
    assert [kind for kind, _ in said] == ["handler.retried"] * 8 + ["handler.done"]
    assert {(data["reason"], data["again_in_s"]) for _, data in said[:-1]} == {
        ("the service is busy", 0.02)
    }
    assert seen == [(1, False)] * 9
    assert "puts it off by 0 s: the service is busy" in caplog.text
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("wait_s", [0, -1, 0.001])
def test_no_wait_is_shorter_than_the_backoff(react, hub, wait_s):
    """A service that says 0 must not have the handler do nothing else, and fill the disk."""
    ring(hub)
    function, _ = _when(1, wait_s)
    ((kind, data),) = react(function, since_s=60, backoff_s=5)
    assert (kind, data["again_in_s"]) == ("handler.retried", 5)


def test_any_exception_may_say_when(react, hub):
    """A library need not know of the hub; a value that is no number of seconds says nothing."""
    ring(hub)
    busy, odd = ConnectionError("busy"), ConnectionError("odd")
    busy.retry_after_s, odd.retry_after_s = 0.01, "soon"
    errors = [busy, odd, busy]
    numbers = []

    def function(event, config):
        numbers.append(event.attempt)
        if errors:
            raise errors.pop(0)

    react(function, until=4, since_s=60, backoff_s=0.01)
    assert numbers == [1, 1, 2, 2]


def test_never_again_is_a_dead_letter(react, hub, state):
    """As with Drop."""
    ring(hub)
    function, seen = _when(1, math.inf)
    ((kind, data),) = react(function, since_s=60)
    assert (kind, data["reason"], len(seen)) == ("handler.dead", "the service is busy", 1)
    assert rows(state, "SELECT state FROM inbox") == [("dead",)]


def test_what_would_be_too_old_by_then_is_a_dead_letter_at_once(react, hub):
    """Nobody waits an hour for what is skipped then; the service's words are kept."""
    ring(hub)
    function, _ = _when(1, 3600)
    ((kind, data),) = react(function, since_s=60, max_age_s=600)
    assert kind == "handler.dead"
    assert data["reason"] == ("the service is busy; not tried again in 3600 s: it would be too old")


@pytest.mark.parametrize(("wait_days", "kind"), [(6, "handler.retried"), (8, "handler.dead")])
def test_without_an_age_limit_it_ends_after_a_week(react, hub, wait_days, kind):
    """Failure has an end."""
    ring(hub)
    function, _ = _when(1, wait_days * 86_400)
    ((said, _),) = react(function, since_s=60)
    assert said == kind
