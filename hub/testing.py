"""For the tests of handler authors: an event to call the function with, and what it said and asked for."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hub.plugin import answer_links
from hub.plugin.api import running
from hub.plugin.quiet import quiet as house_quiet
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


@dataclass
class Run:
    """What a handler did besides returning.

    Attributes:
        emitted: Type and data of each `emit`, in order.
        timers: Seconds of each `later`, by type; the last one counts.
        memory: What the handler remembers.
        kept: For how many days the event is kept, by each `keep`.
    """

    event: Event
    emitted: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    timers: dict[str, float] = field(default_factory=dict)
    memory: MutableMapping[str, Any] = field(default_factory=dict)
    kept: list[float] = field(default_factory=list)

    def emit(self, kind: str, subject: str, data: Mapping[str, Any]) -> None:  # noqa: ARG002 - see attempt.Attempt
        """Keep what was said."""
        self.emitted.append((kind, data))

    def later(self, kind: str, subject: str, data: Mapping[str, Any], after_s: float) -> None:  # noqa: ARG002
        """Keep what was asked for."""
        self.timers[kind] = after_s

    def keep(self, days: float) -> None:
        """Keep how long."""
        self.kept.append(days)


@contextmanager
def run(
    of: Event | None = None, *, web: str | None = None, quiet: str | None = None
) -> Iterator[Run]:
    """While this lasts, `emit`, `later` and `memory` work and can be looked at.

    Args:
        of: The event that is handled.
        web: The `[web] url` to which `answers.links` lead; without it there are none.
        quiet: Why the house is quiet meanwhile; not at all if not given.
    """
    attempt = Run(of or event())
    house_quiet.pretend(quiet)
    try:
        with running(attempt), answer_links.demo(web):
            yield attempt
    finally:
        house_quiet.pretend(None)
