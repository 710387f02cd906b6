"""Tells a guest book what happened at a door, as the processes of a house would."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hub.wire import topics
from hub.wire.event import Event, uuid7
from hub.wire.recordings import Recordings

BEGAN = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
HUB = topics.source("hub", "home")


class RecordingCommands:
    """In place of `RecordingsClient`.

    Attributes:
        given: The commands, each with its door.
    """

    def __init__(self) -> None:
        self.given: list[tuple[Recordings, str]] = []

    def give(self, command: Recordings, door: str) -> None:
        """Take it, as a hub that journals it."""
        self.given.append((command, door))


class Story:
    """Makes events, numbered as their producers would; each has its own trace, or its cause's.

    Attributes:
        told: All events so far, in order.
    """

    def __init__(self, began: datetime = BEGAN) -> None:
        self.began = began
        self.told: list[Event] = []
        self._sequences: dict[str, int] = {}

    def press(self, after_s: float = 0, door: str = "front", **more: Any) -> Event:
        """A press of the button."""
        data = {"name": f"{door.capitalize()} door", "via": "button"}
        return self.event(topics.PRESSED, data, door=door, after_s=after_s, **more)

    def answer(
        self,
        press: Event | None = None,
        answer: str = "coming",
        *,
        after_s: float = 8,
        by: str = "",
    ) -> Event:
        """An answer, to this press or to the visitor who rings."""
        data = {"answer": answer, "by": by, "press": press.id if press else "", "late": False}
        return self.event(topics.ANSWERED, data, cause=press, after_s=after_s)

    def outcome(
        self, cause: Event, handler: str, outcome: str = "done", *, after_s: float = 0, **data: Any
    ) -> Event:
        """What became of an event in a handler."""
        known = {"handler": handler, "type": cause.type, "attempt": 1, "redelivered": False}
        return self.handler(
            f"handler.{outcome}", known | data, cause, handler=handler, after_s=after_s
        )

    def recordings_wanted(self, press: Event, action: str) -> Event:
        """A person wants the recordings of the visit deleted, or kept."""
        data = {"visit": press.id, "action": action, "presses": [press.id], "files": [], "by": ""}
        return self.event(topics.RECORDINGS_WANTED, data, door=press.subject, cause=press)

    def handler(
        self,
        kind: str,
        data: dict[str, Any],
        cause: Event,
        *,
        handler: str = "record",
        after_s: float = 0,
    ) -> Event:
        """An event of a handler, which follows from another one."""
        source = topics.source("handler", handler)
        return self.event(
            kind, data, door=cause.subject, source=source, cause=cause, after_s=after_s
        )

    def event(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        door: str = "front",
        source: str = HUB,
        cause: Event | None = None,
        after_s: float = 0,
    ) -> Event:
        """Any event."""
        stream = f"{source} {kind} {door}"
        self._sequences[stream] = sequence = self._sequences.get(stream, 0) + 1
        trace = cause.traceparent.split("-")[1] if cause else uuid7().replace("-", "")
        event = Event(
            id=uuid7(),
            type=kind,
            source=source,
            subject=door,
            time=self.began + timedelta(seconds=after_s),
            data=data,
            sequence=sequence,
            epoch="5f0c9a2be81d7743",
            traceparent=f"00-{trace}-1f2e3d4c5b6a7988-01",
            cause=cause.id if cause else None,
        )
        self.told.append(event)
        return event
