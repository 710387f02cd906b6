"""What a handler file is written with: the decorator, its rules, and how to refuse an event."""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Never, TypeVar

from config.faults import suggest
from hub.plugin import rules
from hub.wire import topics

Function = TypeVar("Function", bound=Callable[..., str | None])
MARK = "__doorbell_reaction__"
NOT_PLAIN = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)


class Drop(Exception):  # noqa: N818 - an order, no error: `raise Drop("no such camera")`
    """Raise it to send the event to the dead letters at once: another attempt would not help."""


class RetryAfter(Exception):  # noqa: N818 - an order, no error: `raise RetryAfter("busy", 20)`
    """Raise it to have the event tried again at a time that the handler knows.

    That does not count as an attempt. It ends when the event would be too old (`max_age_s`, or a
    week where there is none): then the event goes to the dead letters.

    Any other exception with an attribute `retry_after_s` is treated alike, so that a library can
    say how long to wait. With `math.inf` the event is not tried again, as with `Drop`.

    Args:
        reason: Why not now.
        retry_after_s: Seconds to wait; at least `backoff_s` of the handler.
    """

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def retry_after_s(failure: BaseException) -> float | None:
    """The wait that an exception asks for, in seconds; None if it asks for none."""
    seconds = getattr(failure, "retry_after_s", None)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or math.isnan(seconds):
        return None
    return max(0.0, float(seconds))


@dataclass(frozen=True, slots=True)
class Reaction:
    """One decorated function and the rules it runs under.

    Attributes:
        types: The event types that it reacts to; `*` is all of them.
        timeout_s: Seconds an attempt may take.
        max_age_s: An older event is skipped as stale; None: never.
        attempts: The number of attempts before an event goes to the dead letters.
        backoff_s: Seconds to wait after the first failure; doubled after each further one.
        backoff_max_s: The longest wait between two attempts, in seconds.
        on_redelivery: What to do when a crash may have come after the act: `repeat` or `skip` it.
        since_s: How many seconds before its first start a new handler catches up.
        uses: Opens what lives as long as the process: called with the config, it returns a context
            manager.
        drill: The dry run: called in place of the function when a drill rings.
    """

    function: Callable[..., str | None]
    types: tuple[str, ...]
    timeout_s: float
    max_age_s: float | None
    attempts: int
    backoff_s: float
    backoff_max_s: float
    on_redelivery: Literal["repeat", "skip"]
    since_s: float
    uses: Callable[[Any], AbstractContextManager[Any]] | None
    drill: Callable[..., str | None] | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.function, "__name__", "reaction")

    @property
    def is_observer(self) -> bool:
        """Whether it reacts to all events, those of other handlers among them (`*`)."""
        return topics.EVERY in self.types


def handler(
    *types: str,
    timeout_s: float = 10.0,
    max_age_s: float | None = None,
    attempts: int = 5,
    backoff_s: float = 1.0,
    backoff_max_s: float = 300.0,
    on_redelivery: Literal["repeat", "skip"] = "repeat",
    since_s: float = 0.0,
    uses: Callable[[Any], AbstractContextManager[Any]] | None = None,
    drill: Callable[..., str | None] | None = None,
    **unknown: Never,
) -> Callable[[Function], Function]:
    """Make a function react to events. It stays a plain function that a test can call.

    The function takes `(event, config)`, or `(event, config, resource)` with `uses=`. When it
    returns, the event is done (a returned text is shown beside the outcome); when it raises, the
    event is tried again later; `Drop` sends it to the dead letters, and `RetryAfter` says when to
    try again. `Reaction` describes the
    arguments.

    Raises:
        TypeError: the decorator is used in a way that cannot work; the text says what to do.
    """
    if len(types) == 1 and callable(types[0]):
        raise TypeError('@handler needs the event to react to: @handler("doorbell.pressed")')
    if not types:
        raise TypeError('@handler() names no event. Write @handler("doorbell.pressed")')
    given = {
        "timeout_s": timeout_s,
        "max_age_s": max_age_s,
        "attempts": attempts,
        "backoff_s": backoff_s,
        "backoff_max_s": backoff_max_s,
        "on_redelivery": on_redelivery,
        "since_s": since_s,
        "uses": uses,
        "drill": drill,
    }
    names = [f"{name}: no such argument.{suggest(name, given)}" for name in unknown]
    if faults := [*names, *_faults_in_types(types), *rules.faults(given)]:
        raise TypeError("; ".join(faults))
    if drill and topics.PRESSED not in types:
        raise TypeError(f'drill= is the dry run of a reaction to "{topics.PRESSED}". Put it there')

    def mark(function: Function) -> Function:
        if hasattr(function, MARK):
            raise TypeError(
                f"{function.__name__} has two @handler. Name all its events in one:"
                ' @handler("a.b", "c.d")'
            )
        _check_shape(function, with_resource=uses is not None)
        if drill:
            _check_shape(drill, with_resource=uses is not None)
        reaction = Reaction(
            function,
            types,
            timeout_s,
            max_age_s,
            attempts,
            backoff_s,
            backoff_max_s,
            on_redelivery,
            since_s,
            uses,
            drill,
        )
        setattr(function, MARK, reaction)
        return function

    return mark


def _faults_in_types(types: Iterable[object]) -> Iterator[str]:
    for kind in types:
        if not isinstance(kind, str):
            yield f'{kind!r}: not text. Name each event in quotes: @handler("a.b", "c.d")'
        elif kind != topics.EVERY and (fault := topics.fault_in_type(kind)):
            yield f"{kind!r}: {fault}"


def _check_shape(function: Callable[..., Any], *, with_resource: bool) -> None:
    name = getattr(function, "__name__", "it")
    if any(is_other(function) for is_other in NOT_PLAIN):
        raise TypeError(
            f"{name} is async or a generator; a handler is a plain function: def, no yield"
        )
    taken = len(inspect.signature(function).parameters)
    if taken != (3 if with_resource else 2):
        what = "(event, config, resource)" if with_resource else "(event, config)"
        raise TypeError(f"{name} takes {taken} arguments; a handler takes {what}")
