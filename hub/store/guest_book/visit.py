"""What the guest book knows of a visit, and of each reaction to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

VisitState = Literal["ringing", "answered", "missed"]
Outcome = Literal["done", "retried", "skipped", "dead"]
ChangeKind = Literal["visit", "reaction", "handler", "quiet", "house", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visitor, who may have pressed several times. Drills are no visits.

    Attributes:
        id: The id of the press that began it: `press=` of an answer.
        hub: The hub that the door belongs to.
        door: The door's key in the settings.
        door_name: What people call the door.
        began: When the first press was, in UTC.
        last: When the last press was, in UTC.
        presses: How often the visitor has pressed.
        state: Whether the visitor waits, was answered, or left without an answer.
        answer: `coming`, `leave_it`, or a sentence; empty where there is none.
        by: Who answered; empty where that is not known.
        ended: When it was answered or missed, in UTC; None while it rings.
        is_late: Whether the house learned of the visitor when nobody was at the door any more.
        has_picture: Whether `GuestBook.picture` has a file.
        has_clip: Whether `GuestBook.clip` has a file.
        is_kept: Whether it stays until a person deletes it.
        is_deleting: Whether it was deleted, and the recorder has not removed its files yet.
    """

    id: str
    hub: str
    door: str
    door_name: str
    began: datetime
    last: datetime
    presses: int
    state: VisitState
    answer: str = ""
    by: str = ""
    ended: datetime | None = None
    is_late: bool = False
    has_picture: bool = False
    has_clip: bool = False
    is_kept: bool = False
    is_deleting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What became of one event of a visit in one handler.

    Attributes:
        handler: The name of the handler.
        type: The type of the event that it reacted to: `doorbell.pressed`, `snapshot.taken`, …
        outcome: How it ended, as in `handler.done`.
        at: When it ended, in UTC.
        after_s: How many seconds after the event it began; None where it did not run.
        took_s: How many seconds it took; None where it did not run.
        note: What the handler says of it, or why it failed or was skipped.
        attempt: Which attempt it was, from 1.
    """

    handler: str
    type: str
    outcome: Outcome
    at: datetime
    after_s: float | None = None
    took_s: float | None = None
    note: str = ""
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """Something has changed: look it up anew.

    Attributes:
        kind: `visit` (also a picture, a clip, an answer; and when it was deleted), `reaction`,
            `handler` (its status), `quiet`, `house` (hub, disk, clock, drill); `all` for a listener
            that was too slow to be told each change.
        id: Of the visit, or the name of the handler; empty for the rest.
    """

    kind: ChangeKind
    id: str = ""
