"""The producer of a program: what it publishes is in its journal before `publish` returns."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from hub.producer.producer import Producer
from hub.programs.program import Program
from hub.store.state import StateError
from hub.wire import topics
from hub.wire.event import BadEvent, Event

TICK_S = 1.0
LAST_S = 5.0
POLL_S = 0.01
ID_LENGTH = 64


class ProgramProducer:
    """Publishes the events of one program. It may be used from several threads."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._producer = Producer(
            program.state, program.bus, program.source, program.settings.journal
        )
        self._one_at_a_time = threading.Lock()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="journal", daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        until = time.monotonic() + LAST_S
        while not self._producer.has_published_all() and self._may_publish_until(until):
            time.sleep(POLL_S)
        self._ended.set()
        self._ticker.join()
        self._producer.settle()

    def publish(
        self,
        kind: str,
        data: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the attribute's name in CloudEvents
        subject: str | None = None,
        cause: Event | None = None,
        at: datetime | None = None,
    ) -> Event:
        """Publish an event; when this returns, it is in the journal on the disk.

        Then its sender can be told that it is done: no crash and no power cut loses it. The broker
        gets it as soon as there is one. With an id it is published after its sync, because its
        sender may send it again; without one it is published at once, as nobody can.

        Args:
            kind: Its type, like `order.placed`; never one of doorbell's own.
            data: A JSON object.
            id: What its sender calls it, up to 64 characters. The same id again is the same event:
                the first one is returned, and nothing is published. It is known as long as the
                journal keeps the event (`[journal] keep_days`).
            subject: What it is about; by default the name of this producer. Each subject is a
                numbering of its own, so let it be one of a few, and not the number of an order.
            cause: The event that this one follows from; it is in the same trace then.
            at: When it happened, with its zone; now, if not given.

        Raises:
            BadEvent: it cannot be published, or its id is that of another event.
            StateError: it cannot be written down; with an id also where that is in memory only,
                because the disk takes nothing. Its sender may send it again.
            RuntimeError: another process has the name of this one.
        """
        if self._program.rival:
            raise RuntimeError(self._program.rival)
        if id is not None and not (0 < len(id) <= ID_LENGTH and id.isprintable()):
            raise BadEvent(f"id is not a text of 1 to {ID_LENGTH} characters")
        subject = subject or topics.name_of(self._program.source)
        with self._one_at_a_time:
            event = self._producer.journal.find(id) if id else None
            if event and (event.type, event.subject) != (kind, subject):
                was = f"{event.type} of {event.subject}"
                raise BadEvent(f"{id}: this is the id of another event, {was}. Give each its own")
            event = event or self._producer.publish(
                kind,
                subject,
                data or {},
                time=at or datetime.now(UTC),
                id=id,
                cause=cause,
                seen_once=id is None,
            )
        self._program.state.sync()
        if id and (fault := self._program.state.disk_fault):
            raise StateError(fault)
        return event

    def _may_publish_until(self, end_s: float) -> bool:
        is_connected = self._program.bus.connected.is_set()
        return is_connected and not self._program.rival and time.monotonic() < end_s

    def _tick(self) -> None:
        while not self._ended.wait(TICK_S):
            self._producer.settle()
