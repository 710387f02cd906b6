"""Which events begin a trace that `doorbell trace last` shows."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from hub.cli.history.trace import _last_trace
from hub.wire.event import Event
from hub.wire.trace_context import begin, trace_id


class _Entry(NamedTuple):
    event: Event


class _History:
    """Has these types of events, the newest first."""

    def __init__(self, *kinds: str) -> None:
        self.entries = [_Entry(_event(kind)) for kind in kinds]

    def events(self, _: object) -> list[_Entry]:
        return self.entries


def _event(kind: str) -> Event:
    return Event(
        id="id",
        type=kind,
        source="doorbell/hub/home",
        subject="front",
        time=datetime.now(UTC),
        data={},
        sequence=1,
        epoch="0" * 16,
        traceparent=begin(),
    )


@pytest.mark.parametrize("kind", ["pressed", "double_pressed", "drilled"])
def test_each_press_can_be_the_last(kind: str):
    """Also the second one of a pair, which has a trace of its own."""
    history = _History("doorbell.push_changed", f"doorbell.{kind}", "doorbell.pressed")
    found = _last_trace(history)  # type: ignore[arg-type]
    assert found == {trace_id(history.entries[1].event.traceparent)}
