"""Where a runner writes what became of an event: at home a SQLite file, in a fleet PostgreSQL."""

from collections.abc import Container, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from hub.plugin.api import Attempt
from hub.store.inbox.inbox import Delivery
from hub.wire.event import Event

Facts = Mapping[str, Any]


class Records(Protocol):
    """The state of one handler. Each method but `begin` and `sync` is one transaction."""

    def begin(self, event: Event, reacts_to: Container[str]) -> Attempt:
        """What the handler's function emits and remembers, from now until it returns."""

    def sync(self) -> None:
        """Wait until the claim survives a power cut."""

    def together(self) -> AbstractContextManager[None]:
        """Outcomes on which nothing depends may share a commit while this lasts."""

    def done(self, delivery: Delivery, facts: Facts, attempt: Any, *, quiet: bool = False) -> None:
        """The handler returned. A quiet outcome is not published."""

    def skipped(self, delivery: Delivery, reason: str) -> None:
        """A rule of the handler forbids to react to it."""

    def retried(
        self, delivery: Delivery, facts: Facts, reason: str, wait_s: float, *, counts: bool = True
    ) -> None:
        """It failed, and is tried again later; that counts as an attempt, or does not."""

    def release(self, delivery: Delivery, facts: Facts) -> None:
        """The process is to stop and ended it."""

    def dead(self, delivery: Delivery, facts: Facts, reason: str) -> None:
        """To the dead letters."""

    def ignored(self, delivery: Delivery) -> None:
        """It does not concern this handler."""
