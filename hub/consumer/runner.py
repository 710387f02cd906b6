"""Runs a handler's function for one delivery, and records what became of it."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devices.device_error import DeviceError
from hub.consumer.deadline import Overdue, deadline
from hub.consumer.event_time import corrected
from hub.plugin.api import running
from hub.plugin.decorator import Drop, Reaction, retry_after_s
from hub.plugin.handler_config import HandlerConfig
from hub.plugin.policy import Policy
from hub.store.inbox.inbox import Delivery
from hub.system.backoff import backoff_s
from hub.system.clock import SYSTEM, Clock
from hub.system.log.journald import about
from hub.system.log.masking import masked
from hub.system.sd_notify import Watchdog
from hub.wire import topics

if TYPE_CHECKING:
    from hub.consumer.records import Records

log = logging.getLogger(__name__)
NOTE_LENGTH = 500
POSTPONED_MOST_S = 7 * 86_400.0  # where nothing says how old an event may be
NOT_BEGUN = "stopped before it ran"
NOTHING: Mapping[str, Any] = {}


class _NotBegunError(Exception):
    """The process is to end, so that the function was not called."""


class Runner:
    """One handler's functions, under its rules.

    Attributes:
        is_stopping: Whether the process is to end; an attempt that is then cut off is released, and
            one that has not begun is left to the next process.
    """

    def __init__(
        self,
        source: str,
        *,
        reactions: Mapping[str, Reaction],
        resources: Mapping[Reaction, Any],
        config: HandlerConfig,
        records: "Records",
        watchdog: Watchdog,
        clock: Clock = SYSTEM,
    ) -> None:
        self.is_stopping = False
        self._reactions = reactions
        self._resources = resources
        self._config = config
        self._clock = clock
        self._watchdog = watchdog
        self._policy = Policy(source, reactions, config, clock)
        self._outcomes = records

    def run_all(self, runs: Sequence[tuple[Delivery, Mapping[str, Any]]]) -> None:
        """Make one attempt for each delivery; outcomes that can share a commit do."""
        several = self._outcomes.together() if len(runs) > 1 else nullcontext()
        with several:
            for delivery, facts in runs:
                self._watchdog.feed()
                self.run(delivery, facts)

    def run(self, delivery: Delivery, facts: Mapping[str, Any] = NOTHING) -> None:
        """Make one attempt, if the handler's rules allow it.

        Args:
            delivery: What was claimed.
            facts: What the outcome says besides.
        """
        event = delivery.event
        any_age = delivery.is_timer or delivery.any_age
        with about(event.id):
            reaction = self._policy.reaction_to(event.type)
            if reaction is None:
                reason = "the handler's file no longer reacts to this type"
                self._outcomes.dead(delivery, {}, reason)
            elif not delivery.is_timer and not self._policy.concerns(event, reaction):
                self._outcomes.ignored(delivery)
            elif reason_to_skip := self._policy.reason_to_skip(event, reaction, any_age=any_age):
                self._outcomes.skipped(delivery, reason_to_skip)
            elif event.attempt > reaction.attempts:
                self._give_up(delivery, reaction)
            else:
                if self._policy.needs_synced_claim(event, reaction):
                    self._outcomes.sync()
                self._attempt(delivery, reaction, facts)

    def _give_up(self, delivery: Delivery, reaction: Reaction) -> None:
        """The last attempt had no outcome; this claim is none, so it is not counted as one."""
        event = replace(delivery.event, attempt=delivery.event.attempt - 1)
        reason = f"the handler's file allows no more than {reaction.attempts}"
        if event.redelivered:
            reason = f"its process died in attempt {event.attempt}, the last one"
        self._outcomes.dead(replace(delivery, event=event), {}, reason)

    def _attempt(self, delivery: Delivery, reaction: Reaction, facts: Mapping[str, Any]) -> None:
        event = corrected(delivery.event, self._clock)
        attempt = self._outcomes.begin(event, self._reactions)
        arguments = [event, self._config]
        if reaction.uses:
            arguments.append(self._resources[reaction])
        limit_s = self._config.timeout_s or reaction.timeout_s
        age_s = event.age_s(self._clock)
        began_s = time.perf_counter()
        note = ""
        failure: BaseException | None = None
        try:
            with running(attempt), self._watchdog.extend(limit_s), deadline(limit_s):
                note = _text(self._call(reaction, arguments))
        except _NotBegunError:
            self._outcomes.retried(delivery, facts, NOT_BEGUN, 0.0, counts=False)
            return
        except (Exception, Overdue, SystemExit) as error:  # noqa: BLE001 - a handler may raise anything
            failure = error
        data: dict[str, Any] = {
            **facts,
            "started_after_ms": round(age_s * 1000, 3),
            "took_ms": round((time.perf_counter() - began_s) * 1000, 3),
        }
        if failure is None:
            self._succeed(delivery, reaction, attempt, note, data)
        else:
            self._fail(delivery, reaction, failure, _reason(failure, limit_s), data)

    def _call(self, reaction: Reaction, arguments: Sequence[Any]) -> Any:
        """Call the function, unless the process is to end.

        Its time runs already, so a stop that comes later finds a timer that it can shorten.
        """
        if self.is_stopping:
            raise _NotBegunError
        return reaction.function(*arguments)

    def _succeed(
        self,
        delivery: Delivery,
        reaction: Reaction,
        attempt: Any,
        note: str,
        data: dict[str, Any],
    ) -> None:
        if note:
            data["note"] = note
        is_observer = reaction.is_observer
        level = logging.DEBUG if is_observer else logging.INFO
        log.log(level, "%s: %s", delivery.event.type, note or "done")
        # For a `*` handler only failures are published, and outcomes of the hub's own events.
        quiet = is_observer and not delivery.event.type.startswith(topics.HUB_TYPES)
        self._outcomes.done(delivery, data, attempt, quiet=quiet)

    def _fail(
        self,
        delivery: Delivery,
        reaction: Reaction,
        failure: BaseException,
        reason: str,
        data: dict[str, Any],
    ) -> None:
        is_overdue = isinstance(failure, Overdue)
        if is_overdue and self.is_stopping:
            self._outcomes.release(delivery, data)
            return
        number = delivery.event.attempt
        asked_s = retry_after_s(failure)
        if asked_s is not None and asked_s < math.inf:
            self._postpone(delivery, reaction, reason, asked_s, data)
            return
        is_foreseen = isinstance(failure, DeviceError | Drop | Overdue) or asked_s is not None
        trace = failure if number == 1 and not is_foreseen else None
        log.warning("%s failed (attempt %d): %s", reaction.name, number, reason, exc_info=trace)
        may_be_done = is_overdue and reaction.on_redelivery == "skip"
        is_final = isinstance(failure, Drop) or asked_s is not None or may_be_done
        if is_final or number >= reaction.attempts:
            self._outcomes.dead(delivery, data, reason)
            return
        wait_s = backoff_s(number, reaction.backoff_s, reaction.backoff_max_s)
        self._outcomes.retried(delivery, data, reason, wait_s)

    def _postpone(
        self,
        delivery: Delivery,
        reaction: Reaction,
        reason: str,
        wait_s: float,
        data: dict[str, Any],
    ) -> None:
        """Try again after the time that was asked for, unless the event is too old by then.

        Not before `backoff_s`: a service that asks for 0 s must not keep all other events waiting.
        """
        event = delivery.event
        wait_s = max(wait_s, reaction.backoff_s)
        limit_s = self._policy.max_age_s(event, reaction)
        if limit_s is None or delivery.is_timer or delivery.any_age:
            limit_s = POSTPONED_MOST_S
        if event.is_drill or event.age_s(self._clock) + wait_s > limit_s:
            if not event.is_drill:
                reason = f"{reason}; not tried again in {wait_s:.0f} s: it would be too old"
            log.warning("%s failed: %s", reaction.name, reason)
            self._outcomes.dead(delivery, data, reason)
            return
        log.info("%s puts it off by %.0f s: %s", reaction.name, wait_s, reason)
        self._outcomes.retried(delivery, data, reason, wait_s, counts=False)


def _reason(failure: BaseException, limit_s: float) -> str:
    if isinstance(failure, Overdue):
        return f"it took longer than {limit_s:g} s"
    if isinstance(failure, SystemExit):
        return "it called sys.exit(): a handler returns, or raises"
    return _text(failure) or type(failure).__name__


def _text(value: object) -> str:
    """What a handler returned or raised, as text that can be encoded, with secrets masked.

    It raises nothing: an act must not be repeated because of its note.
    """
    if value is None:
        return ""
    try:
        return masked(str(value)).encode("utf-8", "replace").decode()[:NOTE_LENGTH]
    except Exception:  # noqa: BLE001 - the author's __str__ may raise anything
        return type(value).__name__
