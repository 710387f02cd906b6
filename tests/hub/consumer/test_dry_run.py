"""What a handler does with a drill: its dry run, once, marked, with no further consequences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub import HandlerConfig, emit, handler, later
from hub.consumer.dry_run import with_drill
from hub.plugin.decorator import MARK
from hub.testing import event
from tests.hub.fakes import PRESSED, consumer_of, does, outcomes, reaction, rows, run_until

DRILLED = "doorbell.drilled"


@pytest.fixture
def drilled(state, net, hub):
    """A drill of that age in a process with these reactions; gives type and data of outcomes."""

    def run(reactions, *, age_s=0.0, config=None, door="front"):
        consumer = consumer_of(state, net.bus(), _owed(with_drill(reactions)), config)
        hub.publish(
            DRILLED, door, {"via": "command"}, time=datetime.now(UTC) - timedelta(seconds=age_s)
        )
        run_until(consumer, lambda: outcomes(state), "an outcome")
        return outcomes(state)

    return run


def _owed(reactions):
    """As if it had reacted for long: what happened before its start is owed to it."""
    return {kind: replace(one, since_s=1e6) for kind, one in reactions.items()}


def test_the_dry_run_is_called_in_place_of_the_reaction(drilled):
    """With the event, marked; the outcome names the drill's type."""
    seen = []

    def dry(event, config):
        seen.append((event.is_drill, event.type))
        return "fine"

    ((kind, data),) = drilled(reaction(does(lambda _: seen.append("a visitor")), drill=dry))
    assert (kind, data["type"], data["note"], seen) == (
        "handler.done",
        DRILLED,
        "fine",
        [(True, DRILLED)],
    )


@pytest.mark.parametrize("kinds", [(PRESSED,), ("clip.recorded",)])
def test_who_has_no_dry_run_says_that_it_was_reached(drilled, kinds):
    """The function is not called; a file that does not react to presses at all is reached, too."""
    called = []
    ((kind, data),) = drilled(reaction(does(called.append), *kinds))
    assert (kind, data["note"], called) == ("handler.done", "reached; it has no dry run", [])


def test_a_dry_run_that_fails_is_told_at_once_and_leaves_no_dead_letter(drilled, state):
    """One attempt, whatever the reaction's own rules; nobody wants to send a drill again."""

    def dry(event, config):
        raise OSError("no picture")

    ((kind, data),) = drilled(reaction(does(), drill=dry, attempts=9))
    assert (kind, data["reason"], data["attempt"]) == ("handler.dead", "no picture", 1)
    assert rows(state, "SELECT * FROM inbox WHERE state = 'dead'") == []


@pytest.mark.parametrize(("age_s", "kind"), [(200, "handler.done"), (400, "handler.skipped")])
def test_an_old_drill_is_nobodys_business(drilled, age_s, kind):
    """Five minutes, whatever the settings say of presses."""
    config = HandlerConfig(max_age_s=100 if age_s == 200 else 86_400)
    ((said, _),) = drilled(reaction(does(), drill=does()), age_s=age_s, config=config)
    assert said == kind


def test_a_drill_is_for_everybody_whichever_door(drilled):
    """One drill at one door tests all reactions."""
    ((kind, _),) = drilled(reaction(does()), config=HandlerConfig(doors=["garden"]), door="front")
    assert kind == "handler.done"


@pytest.mark.parametrize("act", [lambda: emit("clip.recorded"), lambda: later("clip.due", 1)])
def test_a_dry_run_says_nothing_that_others_would_take_for_real(drilled, act):
    """What follows from it would no longer be marked."""
    ((kind, data),) = drilled(reaction(does(), "clip.due", PRESSED, drill=does(lambda _: act())))
    assert kind == "handler.dead"
    assert "in a dry run: others would take it for real" in data["reason"]


def test_a_file_that_reacts_to_drills_itself_keeps_its_reaction():
    """Also one that reacts to everything."""
    for kind in (DRILLED, "*"):
        own = {kind: next(iter(reaction(does()).values()))}
        assert with_drill(own) == own


def test_a_dry_run_is_checked_like_a_handler():
    """Its shape, and that there is a press to rehearse."""

    def three(event, config, more):
        """Take one too many."""

    with pytest.raises(TypeError, match="three takes 3 arguments; a handler takes"):
        handler(PRESSED, drill=three)(does())
    with pytest.raises(TypeError, match="drill= is the dry run"):
        handler("clip.due", drill=does())


def test_an_authors_test_makes_a_drill():
    """`hub.testing.event` makes one as it makes a press."""
    assert event(DRILLED).is_drill
    assert not event().is_drill
    assert getattr(handler(PRESSED, drill=does())(does()), MARK).drill
