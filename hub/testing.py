"""For the tests of handler authors: an event for the function, and a look at what it did."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hub.plugin.api import running
from hub.plugin.house import answer_links, page
from hub.plugin.house.quiet import quiet as house_quiet
from hub.wire import topics, trace_context
from hub.wire.event import Event, uuid7


def event(kind: str = "doorbell.pressed", door: str = "front", **data: Any) -> Event:
    """An event as a handler gets it, of this moment.

    Args:
        kind: Its type.
        door: Its subject.
        **data: What it carries.
    """
    return Event(
        id=uuid7(),
        type=kind,
        source=topics.source(topics.role_for(kind), "test"),
        subject=door,
        time=datetime.now(UTC),
        data=data,
        sequence=1,
        epoch="0" * 16,
        traceparent=trace_context.begin(),
    )


class Checkpoint(NamedTuple):
    """What a crash after `checkpoint()` would have left.

    Attributes:
        memory: What the handler remembered.
        timers: Seconds of each `later`, by type.
    """

    memory: dict[str, Any]
    timers: dict[str, float]


@dataclass
class Run:
    """What a handler did besides returning.

    Attributes:
        emitted: Type and data of each `emit`, in order.
        timers: Seconds of each `later`, by type; the last one counts.
        memory: What the handler remembers.
        kept: For how many days the event is kept, by each `keep`.
        checkpoints: What each `checkpoint()` committed, in order.
    """

    event: Event
    emitted: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    timers: dict[str, float] = field(default_factory=dict)
    memory: MutableMapping[str, Any] = field(default_factory=dict)
    kept: list[float] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)

    def emit(
        self,
        kind: str,
        subject: str,  # noqa: ARG002 - see api.Attempt
        data: Mapping[str, Any],
    ) -> None:
        """Note the event."""
        self.emitted.append((kind, data))

    def later(
        self,
        kind: str,
        subject: str,  # noqa: ARG002 - see api.Attempt
        data: Mapping[str, Any],  # noqa: ARG002
        after_s: float,
    ) -> None:
        """Note the timer."""
        self.timers[kind] = after_s

    def keep(self, days: float) -> None:
        """Note for how long."""
        self.kept.append(days)

    def checkpoint(self) -> None:
        """Note what is remembered now."""
        self.checkpoints.append(Checkpoint(deepcopy(dict(self.memory)), dict(self.timers)))


@contextmanager
def run(
    of: Event | None = None,
    *,
    memory: MutableMapping[str, Any] | None = None,
    web: str | None = None,
    quiet: str | None = None,
) -> Iterator[Run]:
    """While this lasts, `emit`, `later`, `memory` and `checkpoint` work and can be looked at.

    An exception that leaves the block is a failed run: as in a house, what was emitted, kept,
    remembered and asked for is undone, up to the last checkpoint.

    Args:
        of: The event that is handled.
        memory: What the handler remembers from earlier runs; it holds what counts afterwards.
        web: The `[web] url` to which `answers.links` lead; without it there are none.
        quiet: Why the house is quiet meanwhile; not at all if not given.
    """
    known = {} if memory is None else memory
    attempt = Run(of or event(), memory=deepcopy(dict(known)))
    before = Checkpoint(deepcopy(dict(known)), {})
    house_quiet.pretend(quiet)
    try:
        with running(attempt), answer_links.demo(web), page.demo():
            yield attempt
    except BaseException:
        survivor = attempt.checkpoints[-1] if attempt.checkpoints else before
        attempt.memory, attempt.timers = deepcopy(survivor.memory), dict(survivor.timers)
        attempt.emitted, attempt.kept = [], []
        raise
    finally:
        house_quiet.pretend(None)
        known.clear()
        known.update(attempt.memory)
