"""Make a visit of presses: it rings until somebody answers or nobody has; `visit.started`, `.answered`, `.missed`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from hub import Event, HandlerConfig, emit, handler, later, memory

SETTLE_S = 5.0  # after an outage presses and answers come in any order: nothing is called missed before so long
KEPT = 20  # visits that are over, and answers that nobody waited for, kept by door for what may come late
Visit = dict[str, Any]


class Config(HandlerConfig):
    """Settings of `visit`."""

    gap_s: float = Field(60, ge=1, le=3600, description="presses so close together are one visit")
    missed_after_s: float = Field(
        120, ge=5, le=3600, description="nobody answered for so long after the last press"
    )

    def check(self) -> list[str]:
        """A press may not belong to a visit that was already missed: it would ring for nobody."""
        if self.gap_s > self.missed_after_s:
            return ["gap_s: it is at most missed_after_s. Lower it, or raise missed_after_s"]
        return []


class Book:
    """What is known of one door, kept with `write`: its visits, and answers that came before their press."""

    def __init__(self, door: str) -> None:
        self._key = f"door {door}"
        kept = memory.get(self._key, {"visits": [], "answers": []})
        self.visits: list[Visit] = kept["visits"]
        self.answers: list[dict[str, Any]] = kept["answers"]

    def latest(self, fits: Callable[[Visit], bool]) -> Visit | None:
        """Of the visits that fit, the one that began last."""
        return max(filter(fits, self.visits), key=lambda visit: float(visit["began"]), default=None)

    def write(self) -> None:
        """Keep it, without what was over long ago."""
        over = [visit["id"] for visit in self.visits if visit["state"] != "ringing"][:-KEPT]
        visits = [visit for visit in self.visits if visit["id"] not in over]
        memory[self._key] = {"visits": visits, "answers": self.answers[-KEPT:]}


@handler("doorbell.pressed", "doorbell.double_pressed", max_age_s=86_400)
def ring(event: Event, config: Config) -> str:
    """A press begins a visit, or belongs to one; after the answer it rings no more."""
    book, at, age_s = Book(event.door), event.time.timestamp(), event.age_s()
    visit = book.latest(lambda one: event.id in one["presses"])
    if visit and not _is_again(event):
        return "this press was counted already"
    visit = visit or book.latest(lambda one: _belongs(at, one, config))
    if visit is None:
        visit = {
            "id": event.id,
            "presses": [],
            "began": at,
            "last": at,
            "state": "ringing",
            "ended": 0,
            "by": "",
        }
        visit |= {"door": event.door, "late": age_s > config.missed_after_s}
        book.visits.append(visit)
    if event.id not in visit["presses"]:
        visit["presses"].append(event.id)
    visit["began"], visit["last"] = min(at, visit["began"]), max(at, visit["last"])
    if visit["state"] == "ringing" and at == visit["last"]:
        wait_s = max(config.missed_after_s - age_s, SETTLE_S)
        later(
            "visit.due", wait_s, {"door": event.door}, subject=visit["id"]
        )  # before it is known: a crash may follow
    if visit["id"] == event.id:
        emit("visit.started", _facts(visit))
    early = next((answer for answer in book.answers if _answers(answer, visit, config)), None)
    words = f"press {len(visit['presses'])} of a visit, {visit['state']}"
    if early and (visit["state"] == "ringing" or visit["by"] == event.id):
        emit("visit.answered", _ended(visit, "answered", event, early["at"]) | early["said"])
        words = "somebody had answered already"
    book.write()
    return words


@handler("visitor.answered", max_age_s=86_400)
def answer(event: Event, config: Config) -> str:
    """Somebody answers the one who waits; or answered the one of whom we hear later."""
    said = {"answer": event.data.get("answer", ""), "by": event.data.get("by", "")}
    if said["answer"] == "snooze":
        return "the visitor still waits"
    book = Book(event.door)
    found = {
        "id": event.id,
        "press": event.data.get("press", ""),
        "at": event.time.timestamp(),
        "said": said,
    }
    again = _is_again(event) and book.latest(lambda one: one["by"] == event.id)
    visit = again or book.latest(
        lambda one: one["state"] == "ringing" and _answers(found, one, config)
    )
    if visit:
        emit("visit.answered", _ended(visit, "answered", event, found["at"]) | said)
    elif all(found["id"] != one["id"] for one in book.answers):
        book.answers.append(found)
    book.write()
    return _words(visit) if visit else "nobody waits"


@handler("visit.due")
def miss(event: Event, config: Config) -> str:
    """Nobody has answered in time; or there was no power at that time, and it is told now."""
    book = Book(event.data["door"])
    visit = book.latest(lambda one: one["id"] == event.subject)
    if visit is None or (visit["state"] != "ringing" and visit["by"] != event.id):
        return "somebody has answered"
    facts = _ended(visit, "missed", event, event.time.timestamp())
    late = visit["late"] or event.age_s() > config.missed_after_s
    emit("visit.missed", facts | {"late": late}, subject=visit["door"])
    book.write()
    return _words(visit)


def _ended(visit: Visit, how: str, event: Event, at: float) -> dict[str, Any]:
    """The visit is over. What ended it is remembered: if it comes again after a crash, it is told again."""
    visit.update(state=how, ended=at, by=event.id)
    return _facts(visit)


def _words(visit: Visit) -> str:
    return f"the visit of {datetime.fromtimestamp(visit['began'], UTC).astimezone():%H:%M:%S} was {visit['state']}"


def _facts(visit: Visit) -> dict[str, Any]:
    at = (
        datetime.fromtimestamp(visit["began"], UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
    return {"visit": visit["id"], "presses": len(visit["presses"]), "at": at}


def _belongs(at: float, visit: Visit, config: Config) -> bool:
    """To one that rings as long as it does; to one that was answered while the visitor may still stand there."""
    ends = visit["last"] + config.missed_after_s
    if visit["state"] == "answered":
        ends = max(visit["last"], visit["ended"]) + config.gap_s
    return bool(visit["began"] - config.gap_s <= at < ends)


def _answers(answer: dict[str, Any], visit: Visit, config: Config) -> bool:
    """An answer is for its press; one that names none is for who rings at that time."""
    if answer["press"]:
        return answer["press"] in visit["presses"]
    return bool(visit["began"] <= answer["at"] <= visit["last"] + config.missed_after_s)


def _is_again(event: Event) -> bool:
    """Whether an earlier attempt may have written the book, and certainly has said nothing."""
    return event.redelivered or event.attempt > 1
