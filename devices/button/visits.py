"""Combines the presses and answers at a door into visits, in whatever order they arrive.

After an outage presses and answers arrive in any order, and after a crash some arrive twice.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from devices.machine import Moment

VisitState = Literal["ringing", "answered", "missed"]
MOMENTS = ("began", "last", "ended")  # of a visit
NEVER = Moment(0.0)
KEPT = 20  # of each door: visits that are over, and answers that found no visit


@dataclass(slots=True)
class Visit:
    """One visitor, who may have pressed several times.

    Attributes:
        id: The id of the first press that arrived.
        door: The door.
        presses: The ids of all presses that arrived.
        began: When the first press was.
        last: When the last press was.
        late: Whether the visit was already over when its first press arrived.
        state: How the visit stands.
        ended: When it ended; NEVER while it rings.
        by: The id of the event that ended it; empty while it rings.
    """

    id: str
    door: str
    presses: list[str]
    began: Moment
    last: Moment
    late: bool = False
    state: VisitState = "ringing"
    ended: Moment = NEVER
    by: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Visit":
        """A visit from what `as_json` gave."""
        moments = {name: Moment.of(kept[name]) for name in MOMENTS}
        return cls(**{**kept, **moments})

    def add(self, press: str, at: Moment) -> None:
        """Add a press. One that is known already changes nothing."""
        if press not in self.presses:
            self.presses.append(press)
        if at.since(self.began) < 0:
            self.began = at
        if at.since(self.last) > 0:
            self.last = at

    def end(self, state: VisitState, *, by: str, at: Moment) -> None:
        """End the visit.

        Args:
            state: How it ended.
            by: The id of the event that ended it.
            at: When.
        """
        self.state = state
        self.by = by
        self.ended = at

    def facts(self) -> dict[str, Any]:
        """The visit as the data of an event: its id, the number of presses, and when it began."""
        at = datetime.fromtimestamp(self.began.at, UTC).isoformat(timespec="milliseconds")
        return {"visit": self.id, "presses": len(self.presses), "at": at.replace("+00:00", "Z")}

    def as_json(self) -> dict[str, Any]:
        """The visit as a JSON object, for `Visit.of`."""
        kept = {name: getattr(self, name) for name in self.__slots__}
        return kept | {name: kept[name].as_json() for name in MOMENTS}

    def in_words(self) -> str:
        """The visit by its local time, and how it stands."""
        began = datetime.fromtimestamp(self.began.at, UTC).astimezone()
        return f"the visit of {began:%H:%M:%S} was {self.state}"


@dataclass(frozen=True, slots=True)
class VisitAnswer:
    """An answer to a visitor.

    Attributes:
        id: The id of its event.
        press: The id of the press that it answers; empty for the visitor who rings at that time.
        at: When it was given.
        said: What it said, as a JSON object.
    """

    id: str
    press: str
    at: Moment
    said: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "VisitAnswer":
        """An answer from what `as_json` gave."""
        return cls(**{**kept, "at": Moment.of(kept["at"])})

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object, for `VisitAnswer.of`."""
        kept = {name: getattr(self, name) for name in self.__slots__}
        return kept | {"at": self.at.as_json()}


class VisitBook:
    """The last visits at one door.

    Args:
        kept: What `as_json` returned the last time; None for the first time.
        gap_s: After an answer, a press within so many seconds belongs to the answered visit.
        missed_after_s: A visit is missed so many seconds after its last press.
    """

    def __init__(
        self, kept: Mapping[str, Any] | None, *, gap_s: float, missed_after_s: float
    ) -> None:
        kept = kept or {"visits": [], "answers": []}
        self._visits = [Visit.of(one) for one in kept["visits"]]
        self._answers = [VisitAnswer.of(one) for one in kept["answers"]]
        self._gap_s = gap_s
        self._missed_after_s = missed_after_s

    def visit(self, visit: str) -> Visit | None:
        """The visit with this id."""
        return self._latest(lambda one: one.id == visit)

    def visit_of(self, press: str) -> Visit | None:
        """The visit to which a press was added."""
        return self._latest(lambda one: press in one.presses)

    def ringing_for(self, answer: VisitAnswer) -> Visit | None:
        """The visit that rings and that this answer is for."""
        return self._latest(lambda one: one.state == "ringing" and self._fits(answer, one))

    def add_press(self, press: str, door: str, at: Moment, *, late: bool) -> Visit:
        """Add a press to its visit, or begin a new one.

        Args:
            press: The id of the press.
            door: The door.
            at: When it was.
            late: Whether a visit that begins with it is over already.

        Returns:
            The visit.
        """
        visit = self._latest(
            lambda one: at.since(one.began) >= -self._gap_s and not self._is_over(one, at)
        )
        if visit is None:
            visit = Visit(press, door, [], at, at, late)
            self._visits.append(visit)
        visit.add(press, at)
        return visit

    def answer(self, answer: VisitAnswer) -> Visit | None:
        """End the visit that rings and that this answer is for.

        An answer that finds none is kept: its press may arrive later.

        Returns:
            The visit; None if none rings.
        """
        visit = self.ringing_for(answer)
        if visit:
            visit.end("answered", by=answer.id, at=answer.at)
        else:
            self.keep_answer(answer)
        return visit

    def keep_answer(self, answer: VisitAnswer) -> None:
        """Keep an answer that found no visit: its press may arrive later."""
        if all(answer.id != one.id for one in self._answers):
            self._answers.append(answer)

    def early_answer(self, visit: Visit) -> VisitAnswer | None:
        """An answer to this visit that arrived before its press."""
        return next((one for one in self._answers if self._fits(one, visit)), None)

    def answer_early(self, visit: Visit, *, press: str) -> VisitAnswer | None:
        """End a visit that rings with the answer that arrived before this press of it.

        Returns:
            The answer; None if there is none, or the visit is over.
        """
        answer = self.early_answer(visit)
        if answer is None or visit.state != "ringing":
            return None
        visit.end("answered", by=press, at=answer.at)
        return answer

    def miss(self, visit_id: str, *, by: str, at: Moment) -> Visit | None:
        """End a visit that rings without an answer.

        Args:
            visit_id: Its id.
            by: The id of the event that ends it.
            at: When.

        Returns:
            The visit; None if it is over.
        """
        visit = self.visit(visit_id)
        if visit is None or visit.state != "ringing":
            return None
        visit.end("missed", by=by, at=at)
        return visit

    def as_json(self) -> dict[str, Any]:
        """The book as a JSON object, without visits and answers from long ago."""
        over = [visit.id for visit in self._visits if visit.state != "ringing"]
        old = set(over[:-KEPT])
        return {
            "visits": [visit.as_json() for visit in self._visits if visit.id not in old],
            "answers": [answer.as_json() for answer in self._answers[-KEPT:]],
        }

    def _latest(self, fits: Callable[[Visit], bool]) -> Visit | None:
        """Of the visits that fit, the one that began last."""
        latest = None
        for visit in filter(fits, self._visits):
            if latest is None or visit.began.since(latest.began) > 0:
                latest = visit
        return latest

    def _is_over(self, visit: Visit, at: Moment) -> bool:
        """Whether a press at that time is another visitor's: the one who rang must have left."""
        if visit.state == "answered":
            return min(at.since(visit.last), at.since(visit.ended)) >= self._gap_s
        return at.since(visit.last) >= self._missed_after_s

    def _fits(self, answer: VisitAnswer, visit: Visit) -> bool:
        if answer.press:
            return answer.press in visit.presses
        is_since_it_began = answer.at.since(visit.began) >= 0
        return is_since_it_began and answer.at.since(visit.last) <= self._missed_after_s


@contextmanager
def open_book(
    memory: MutableMapping[str, Any], door: str, *, gap_s: float, missed_after_s: float
) -> Iterator[VisitBook]:
    """Open the book of a door, and keep it at the end of the block, unless that fails.

    Args:
        memory: JSON values by key, which survive the process, like `hub.memory`.
        door: The door.
        gap_s: See VisitBook.
        missed_after_s: See VisitBook.
    """
    key = f"door {door}"
    book = VisitBook(memory.get(key), gap_s=gap_s, missed_after_s=missed_after_s)
    yield book
    memory[key] = book.as_json()
