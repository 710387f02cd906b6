"""What a handler may do besides returning: emit an event, come back later, remember, keep."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from hub.wire import topics
from hub.wire.event import BadEvent, Event

_current: ContextVar["Attempt | None"] = ContextVar("attempt", default=None)


class Attempt(Protocol):
    """One run of a handler's function, in a process or in a test."""

    event: Event

    def emit(self, kind: str, subject: str, data: Mapping[str, Any]) -> None:
        """Publish this event when the run succeeds."""

    def later(self, kind: str, subject: str, data: Mapping[str, Any], after_s: float) -> None:
        """Deliver this event to the same handler after that time, when the run succeeds."""

    def keep(self, days: float) -> None:
        """Keep the event that is handled, when the run succeeds."""

    def checkpoint(self) -> None:
        """Commit the changes of memory and the timers now."""

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """What the handler remembers; changes are committed when the run succeeds."""


def emit(kind: str, data: Mapping[str, Any] | None = None, *, subject: str | None = None) -> None:
    """Publish an event of the handler's own: `emit("clip.recorded", {"path": path})`.

    It is published if and only if this run succeeds: it is written in one transaction with the
    outcome. Outside a run (a test that calls the handler as a plain function) it does nothing; see
    `hub.testing` to look at it.

    Args:
        kind: Its type, like `clip.recorded`; never `doorbell.…`, which is the hub's.
        data: A JSON object.
        subject: What it is about; by default what the handled event is about: the door.

    Raises:
        BadEvent: it cannot be published; in a drill nothing can.
    """
    if attempt := _current.get():
        _refuse_in_drill(attempt, f"emit({kind!r})")
        attempt.emit(kind, subject or attempt.event.subject, _checked(kind, data))


def later(
    kind: str, after_s: float, data: Mapping[str, Any] | None = None, *, subject: str | None = None
) -> None:
    """Come back: the same file gets an event of this type after that many seconds.

    It counts when this run succeeds, or at once with `checkpoint()`; from then on no crash loses
    it. A second one of the same type and subject replaces the first. It never leaves the process:
    no other handler sees it, and it needs no broker.

    Args:
        kind: Its type; another function of this file reacts to it.
        after_s: Seconds from now.
        data: A JSON object.
        subject: What it is about; by default what the handled event is about: the door.

    Raises:
        BadEvent: it cannot be delivered; in a drill nothing can.
    """
    if attempt := _current.get():
        _refuse_in_drill(attempt, f"later({kind!r})")
        attempt.later(kind, subject or attempt.event.subject, _checked(kind, data), after_s)


def keep(*, days: float) -> None:
    """Keep the event that is being handled, in the handler's own state file.

    `doorbell events` and `doorbell trace` show it, `doorbell replay` finds it. It is kept if and
    only if this run succeeds, once however often it comes.

    Args:
        days: How long.
    """
    if attempt := _current.get():
        attempt.keep(days)


def checkpoint() -> None:
    """Commit now what this run has put into `memory` and asked of `later`, whatever becomes of it.

    Without it both count when the function returns, and a failed run leaves them as they were.
    Call it before an act that must be found again after a crash (a lamp that is to be switched
    off), and after an act that a retry must not repeat (a phone that was told). What was emitted
    or is to be kept still waits for the run to succeed. Outside a run it does nothing.
    """
    if attempt := _current.get():
        attempt.checkpoint()


def _refuse_in_drill(attempt: Attempt, what: str) -> None:
    """What follows from a drill would not be marked as one, such as a picture on the phone."""
    if attempt.event.is_drill:
        raise BadEvent(
            f"{what} in a dry run: others would take it for real. A dry run only looks and returns"
        )


def _checked(kind: str, data: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if fault := topics.fault_in_type(kind):
        raise BadEvent(f"{kind}: {fault}")
    if kind.startswith((*topics.HUB_TYPES, *topics.OUTCOME_TYPES)):
        raise BadEvent(f"{kind}: only doorbell itself emits events of this type")
    return data or {}


class _Memory(MutableMapping[str, Any]):
    """A handler's own memory: JSON values by key, kept across crashes.

    A change shows at once; it is committed when the run succeeds, or by `checkpoint()`. What a
    handler opens by `uses=` may read it already; in a test it is empty there. When it is closed it
    may change it, too: each change is committed at once.
    """

    def __init__(self) -> None:
        self._stored: MutableMapping[str, Any] = {}
        self._is_closing = False

    def attach(self, stored: MutableMapping[str, Any], *, is_closing: bool = False) -> None:
        """Have this read where no run is under way, and changed where none will come any more."""
        self._stored = stored
        self._is_closing = is_closing

    def _read(self) -> Mapping[str, Any]:
        attempt = _current.get()
        return self._stored if attempt is None else attempt.memory

    def _now(self) -> MutableMapping[str, Any]:
        if attempt := _current.get():
            return attempt.memory
        if self._is_closing:
            return self._stored
        raise RuntimeError(
            "memory can be changed while a handler runs."
            " In a test use: with hub.testing.run() as run"
        )

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._now()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._now()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


memory = _Memory()


@contextmanager
def running(attempt: Attempt) -> Iterator[None]:
    """While this lasts, `emit`, `later`, `memory`, `keep` and `checkpoint` go to this attempt."""
    token = _current.set(attempt)
    try:
        yield
    finally:
        _current.reset(token)
