"""Combine presses into visits: `visit.started`, and then `visit.answered` or `visit.missed`."""

from contextlib import AbstractContextManager

from pydantic import Field

from devices.button import VisitAnswer, VisitBook, open_book
from hub import Event, HandlerConfig, emit, handler, later, memory

SETTLE_S = 5.0  # after an outage events come in any order: no visit counts as missed before that


class Config(HandlerConfig):
    """Settings of `visit`."""

    gap_s: float = Field(60, ge=1, le=3600, description="presses so close are one visit")
    missed_after_s: float = Field(120, ge=5, le=3600, description="the wait for an answer")

    def check(self) -> list[str]:
        """Find a gap in which a press would belong to a visit that was missed already."""
        if self.gap_s > self.missed_after_s:
            return ["gap_s: it is at most missed_after_s. Lower it, or raise missed_after_s"]
        return []

    def book(self, door: str) -> AbstractContextManager[VisitBook]:
        """The visits at a door."""
        return open_book(memory, door, gap_s=self.gap_s, missed_after_s=self.missed_after_s)


@handler("doorbell.pressed", "doorbell.double_pressed", max_age_s=86_400)
def ring(event: Event, config: Config) -> str:
    """A press begins a visit, or belongs to one. After the answer it rings no more."""
    at = event.time.timestamp()
    age_s = event.age_s()
    with config.book(event.door) as book:
        if book.visit_of(event.id):
            return "this press was counted already"
        visit = book.add_press(event.id, event.door, at, late=age_s > config.missed_after_s)
        if visit.id == event.id:
            emit("visit.started", visit.facts())
        if visit.state == "ringing" and at == visit.last:
            wait_s = max(config.missed_after_s - age_s, SETTLE_S)
            later("visit.due", wait_s, {"door": event.door}, subject=visit.id)
        early = book.early_answer(visit)
        if early and visit.state == "ringing":
            visit.end("answered", by=event.id, at=early.at)
            emit("visit.answered", visit.facts() | early.said)
            return "the visitor was answered already"
        return f"press {len(visit.presses)} of a visit, {visit.state}"


@handler("visitor.answered", max_age_s=86_400)
def answer(event: Event, config: Config) -> str:
    """An answer ends the visit that rings. Without one it is kept: its press may come later."""
    said = {"answer": event.data.get("answer", ""), "by": event.data.get("by", "")}
    if said["answer"] == "snooze":
        return "the visitor still waits"
    at = event.time.timestamp()
    given = VisitAnswer(event.id, event.data.get("press", ""), at, said)
    with config.book(event.door) as book:
        visit = book.ringing_for(given)
        if visit is None:
            book.keep_answer(given)
            return "no visitor waits"
        visit.end("answered", by=event.id, at=at)
        emit("visit.answered", visit.facts() | said)
        return visit.in_words()


@handler("visit.due")
def miss(event: Event, config: Config) -> str:
    """No answer came in time. If the power was off at that time, the visit is missed late."""
    with config.book(event.data["door"]) as book:
        visit = book.visit(event.subject)
        if visit is None or visit.state != "ringing":
            return "the visitor was answered"
        visit.end("missed", by=event.id, at=event.time.timestamp())
        is_late = visit.late or event.age_s() > config.missed_after_s
        emit("visit.missed", visit.facts() | {"late": is_late}, subject=visit.door)
        return visit.in_words()
