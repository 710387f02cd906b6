"""What a handler may do besides returning: say something, come back later, remember, talk to a lamp."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from hub.wire import topics
from hub.wire.event import BadEvent, Event

_current: ContextVar["Attempt | None"] = ContextVar("attempt", default=None)


class Attempt(Protocol):
    """Where the words of a running handler go."""

    event: Event

    def emit(self, kind: str, subject: str, data: Mapping[str, Any]) -> None:
        """Say it together with the outcome."""

    def later(self, kind: str, subject: str, data: Mapping[str, Any], after_s: float) -> None:
        """Deliver it to the same handler after that time."""

    def keep(self, days: float) -> None:
        """Keep the event together with the outcome."""

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """What the handler keeps."""


def emit(kind: str, data: Mapping[str, Any] | None = None, *, subject: str | None = None) -> None:
    """Say an event of the handler's own: `emit("clip.recorded", {"path": path})`.

    It is said if and only if this run succeeds: it is written in one transaction with the outcome. Outside a run
    (a test that calls the handler as a plain function) it does nothing; see `hub.testing` to look at it.

    Args:
        kind: Its type, like `clip.recorded`; never `doorbell.…`, which is the hub's.
        data: A JSON object.
        subject: What it is about; by default what the handled event is about: the door.

    Raises:
        BadEvent: it cannot be said; in a drill nothing can.
    """
    if attempt := _current.get():
        _refuse_in_drill(attempt, f"emit({kind!r})")
        attempt.emit(kind, subject or attempt.event.subject, _checked(kind, data))


def later(
    kind: str, after_s: float, data: Mapping[str, Any] | None = None, *, subject: str | None = None
) -> None:
    """Come back: the same file gets an event of this type after that many seconds, whatever crashes until then.

    It is on the disk when this returns, whether the run succeeds or not. A second one of the same type and subject
    replaces the first. It never leaves the process: nobody else sees it, and no broker is needed.

    Args:
        kind: Its type; another function of this file reacts to it.
        after_s: Seconds from now.
        data: A JSON object.
        subject: What it is about; by default what the handled event is about: the door.

    Raises:
        BadEvent: it cannot be said; in a drill nothing can.
    """
    if attempt := _current.get():
        _refuse_in_drill(attempt, f"later({kind!r})")
        attempt.later(kind, subject or attempt.event.subject, _checked(kind, data), after_s)


def _refuse_in_drill(attempt: Attempt, what: str) -> None:
    """What follows from a drill would no longer be marked as one: a picture on the phone, a lamp that goes off."""
    if attempt.event.is_drill:
        raise BadEvent(
            f"{what} in a dry run: others would take it for real. A dry run only looks and returns"
        )


def keep(*, days: float) -> None:
    """Keep the event that is being handled: `doorbell events` and `doorbell trace` show it, `doorbell replay` finds it.

    It is kept if and only if this run succeeds, once however often it comes, in the handler's own state file.

    Args:
        days: How long.
    """
    if attempt := _current.get():
        attempt.keep(days)


def _checked(kind: str, data: Mapping[str, Any] | None) -> Mapping[str, Any]:
    reserved = kind.startswith((*topics.HUB_TYPES, *topics.OUTCOME_TYPES))
    if fault := topics.fault_in_type(kind) or (
        "it is not a handler's to say" if reserved else None
    ):
        raise BadEvent(f"{kind}: {fault}")
    return data or {}


class _Memory(MutableMapping[str, Any]):
    """A handler's own memory: JSON values by key, kept across crashes. Each change is on the disk at once."""

    def _now(self) -> MutableMapping[str, Any]:
        if (attempt := _current.get()) is None:
            raise RuntimeError(
                "memory is there while a handler runs. In a test use: with hub.testing.run() as run"
            )
        return attempt.memory

    def __getitem__(self, key: str) -> Any:
        return self._now()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._now()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._now()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


memory = _Memory()


@contextmanager
def running(attempt: Attempt) -> Iterator[None]:
    """While this lasts, what the handler says goes to this attempt."""
    token = _current.set(attempt)
    try:
        yield
    finally:
        _current.reset(token)
