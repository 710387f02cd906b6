"""State files and a broker in memory."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from hub.producer.producer import Producer
from hub.store.state import State
from tests.hub.fakes import (
    HUB,
    FakeBroker,
    FakeClock,
    consumer_of,
    opened_state,
    outcomes,
    reaction,
    run_until,
)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DOORBELL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def states(tmp_path: Path) -> Iterator[Callable[..., State]]:
    """Opens state files by name; all are closed at the end."""
    with ExitStack() as stack:

        def open_state(name: str = "own") -> State:
            return stack.enter_context(closing(opened_state(tmp_path / f"{name}.db", FakeClock())))

        yield open_state


@pytest.fixture
def state(states: Callable[..., State]) -> State:
    """One new state file."""
    return states()


@pytest.fixture
def net() -> FakeBroker:
    """A broker in memory."""
    return FakeBroker()


@pytest.fixture
def hub(states, net):
    return Producer(states("hub"), net.bus(), HUB)


@pytest.fixture
def react(state, net):
    """Runs a function as a handler until so many outcomes were said; returns them."""

    def run(function, *, until=1, config=None, kinds=(), before=lambda: None, **rules):
        consumer = consumer_of(state, net.bus(), reaction(function, *kinds, **rules), config)
        before()
        run_until(
            consumer,
            lambda: len(outcomes(state)) >= until,
            lambda: f"{until} outcomes: {outcomes(state)}",
        )
        return outcomes(state)

    return run
