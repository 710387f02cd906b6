"""A drill that is begun on the page: how long a handler is awaited, and when the view is told."""

from datetime import UTC, datetime, timedelta

import pytest

from config import Settings
from hub.remote.press import PressClient
from hub.store.guest_book.visit import Change
from hub.web.guest_book.changes import Changes
from hub.web.views.drills import Drills
from hub.wire import topics
from hub.wire.event import encode
from tests.hub.fakes import HOUSE, journaled


class Views(Changes):
    """Notes what the views are told.

    Attributes:
        told: In order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Change] = []

    def tell(self, *changes: Change) -> None:
        """Note it."""
        self.told += changes


def drills_of(wire, views, **drill) -> Drills:
    """The drills of a house with these settings."""
    settings = Settings.model_validate({"drill": drill})
    return Drills(wire, settings, "doorbell/web/home", views)


@pytest.mark.parametrize(("timeout_s", "is_over"), [(60, True), (240, False)])
def test_a_handler_is_awaited_as_long_as_the_settings_say(
    wire, state, monkeypatch, timeout_s, is_over
):
    """As by the nightly drill: `[drill] timeout_s`."""
    began = datetime.now(UTC) - timedelta(seconds=90)
    drill = journaled(state, topics.DRILLED, time=began)
    monkeypatch.setattr(PressClient, "press", lambda *_: drill)
    drills = drills_of(wire, Views(), timeout_s=timeout_s)
    assert drills.is_over()
    drills.begin("front")
    assert drills.is_over() == is_over


@pytest.mark.parametrize("kind", ["handler.done", "handler.skipped", "handler.dead"])
@pytest.mark.parametrize(
    ("cause", "told"), [(topics.DRILLED, [Change("house")]), (topics.PRESSED, [])]
)
def test_the_view_is_told_of_a_reaction_to_a_drill(wire, state, kind, cause, told):
    """And of no reaction to a press."""
    views = Views()
    drills_of(wire, views)
    begun = journaled(state, cause)
    reacted = journaled(
        state, kind, source="doorbell/handler/bark", cause=begun, data={"type": cause}
    )
    wire.hear(HOUSE.of_event(reacted), encode(reacted))
    assert views.told == told
