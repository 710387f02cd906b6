"""Combine presses into visits: `visit.started`, and then `visit.answered` or `visit.missed`."""

from devices.button import VisitAnswer, VisitSettings
from devices.machine import Moment
from hub import Event, HandlerConfig, emit, handler, later, memory


class Config(HandlerConfig, VisitSettings):
    """Settings of `visit`."""

    def check(self) -> list[str]:
        """Find a gap in which a press would belong to a visit that was missed already."""
        return self.faults_in_visits()


@handler("doorbell.pressed", "doorbell.double_pressed", max_age_s=86_400)
def ring(event: Event, config: Config) -> str:
    """A press begins a visit, or belongs to one. After the answer it rings no more."""
    at = Moment.seen(event)
    age_s = event.age_s()
    with config.open_book(memory, event.door) as book:
        if book.visit_of(event.id):
            return "this press was counted already"
        visit = book.add_press(event.id, event.door, at, late=config.is_over(age_s))
        if visit.id == event.id:
            emit("visit.started", visit.facts())
        if visit.state == "ringing" and at == visit.last:
            later("visit.due", config.left_s(age_s), {"door": event.door}, subject=visit.id)
        if early := book.answer_early(visit, press=event.id):
            emit("visit.answered", visit.facts() | early.said)
            return "the visitor was answered already"
        return f"press {len(visit.presses)} of a visit, {visit.state}"


@handler("visitor.answered", max_age_s=86_400)
def answer(event: Event, config: Config) -> str:
    """An answer ends the visit that rings. Without one it is kept: its press may come later."""
    said = {"answer": event.data.get("answer", ""), "by": event.data.get("by", "")}
    if said["answer"] == "snooze":
        return "the visitor still waits"
    given = VisitAnswer(event.id, event.data.get("press", ""), Moment.seen(event), said)
    with config.open_book(memory, event.door) as book:
        visit = book.answer(given)
        if visit is None:
            return "no visitor waits"
        emit("visit.answered", visit.facts() | said)
        return visit.in_words()


@handler("visit.due")
def miss(event: Event, config: Config) -> str:
    """No answer came in time. If the power was off at that time, the visit is missed late."""
    with config.open_book(memory, event.data["door"]) as book:
        visit = book.miss(event.subject, by=event.id, at=Moment.seen(event))
        if visit is None:
            return "the visitor was answered"
        is_late = visit.late or config.is_over(event.age_s())
        emit("visit.missed", visit.facts() | {"late": is_late}, subject=visit.door)
        return visit.in_words()
