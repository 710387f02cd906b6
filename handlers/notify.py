"""Tell the phones who rings; the picture and the answer follow in the same notification."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from devices.phone import PhoneSettings, Visit, VisitMessenger, is_jpeg
from hub import Drop, Event, HandlerConfig, answers, checkpoint, emit, handler, later, memory

LATE_S = 60.0  # then the visitor has been missed, and a picture shows another one, if any
SNOOZE_S = 3600.0
LATE_PICTURE_S = 5.0  # then the text says how late
RINGS = 5  # after so many rings without a pause the phones are told how many
ANSWERABLE = ("doorbell.pressed", "snapshot.taken", "notify.again", "notify.waited")
ANSWERED = "somebody has answered meanwhile"


class Config(HandlerConfig, PhoneSettings):
    """Settings of `notify`."""

    title: str = Field("Doorbell", description="the notification's title")
    group_s: float = Field(
        10, ge=0, le=300, description="a ring so soon after the last one is counted with it"
    )
    drill_text: bool = Field(False, description="whether a drill sends a text, marked as one")
    picture: bool = Field(True, description="whether the picture follows")

    def check(self) -> list[str]:
        """Recipients have names that links and timers can carry, and doors that are there."""
        faults = self.faults_in_names()
        for name, recipient in self.recipients.items():
            faults += self.faults_in_doors(f"recipients.{name}", recipient.doors or ())
        return faults


@contextmanager
def open_messenger(config: Config) -> Iterator[VisitMessenger]:
    """Open all phones; at start, because it takes seconds."""
    yield VisitMessenger(
        config.open_recipients(),
        config.group_s,
        memory,
        checkpoint,
        title=config.title,
        links=_links,
        call_later=_call_later,
    )


def reach(event: Event, config: Config, phones: VisitMessenger) -> str:
    """The dry run: each service's host must answer. Nothing is sent, unless `drill_text` is set."""
    if not config.drill_text:
        return phones.reach()
    text = f"This is a drill: nobody is at the {_door(event.door, config)}"
    return phones.tell(event, phones.recipients, text).note


@handler("doorbell.pressed", timeout_s=30, max_age_s=86_400, uses=open_messenger, drill=reach)
def notify(event: Event, config: Config, phones: VisitMessenger) -> str:
    """Somebody is there, or was; further rings of the same visitor are counted with the first."""
    visit = phones.visit(event.id, event.door, event.time)
    if visit.press != event.id:
        later("notify.again", config.group_s if visit.count % RINGS else 0, visit.as_json())
        return f"ring {visit.count} of this visitor: counted in the first notification"
    phones.plan(visit)
    checkpoint()  # the others are told later even if no phone can be reached now
    text = _text(event.door, config, event.time, event.age_s())
    result = phones.tell(event, phones.first_at(event.door), text, visit=visit)
    if result.delivered:
        emit("notification.sent", {"press": event.id})
    return result.note


@handler("notify.again", timeout_s=30, attempts=2, uses=open_messenger)
def count(event: Event, config: Config, phones: VisitMessenger) -> str:
    """The visitor has rung several times: say how often, in the first notification if possible."""
    visit = Visit.of(event.data)
    if phones.is_answered(visit):
        return ANSWERED
    text = _text(event.door, config, visit.time, (event.time - visit.time).total_seconds())
    text += f", and rang {visit.count} times"
    recipients = phones.first_at(event.door)
    picture = phones.picture(visit.press)
    return phones.tell(event, recipients, text, press=visit.press, picture=picture).note


@handler("notify.waited", timeout_s=30, uses=open_messenger)
def escalate(event: Event, config: Config, phones: VisitMessenger) -> str:
    """Nobody has answered so far, or a recipient's quiet hours are over: now it is their turn."""
    visit = Visit.of(event.data)
    if phones.is_answered(visit):
        return ANSWERED
    age_s = (datetime.now(UTC) - visit.time).total_seconds()
    return phones.tell_waiting(event, event.data, _text(visit.door, config, visit.time, age_s)).note


@handler("snapshot.taken", timeout_s=30, max_age_s=600, uses=open_messenger)
def show(event: Event, config: Config, phones: VisitMessenger) -> str:
    """The picture of this press follows, in the same notification if possible."""
    picture, press = Path(str(event.data.get("path"))), event.cause or event.id
    after_s = float(event.data.get("after_s", 0))
    after = f"{after_s:.0f} s after the ring"
    if not config.picture:
        return "pictures are switched off"
    if not is_jpeg(picture):
        raise Drop("the picture is gone, or is none")
    if phones.is_repeat(press):
        return "another picture of the same visitor: not sent"
    if after_s > LATE_S:
        return f"the picture was taken {after}: it shows somebody else, if anybody"
    phones.keep_picture(press, picture)
    text = f"This is who was there at {event.time.astimezone():%H:%M}"
    update = _text(event.door, config, event.time, event.age_s())
    if after_s > LATE_PICTURE_S:
        text += f", {after}"
        update += f". The picture was taken {after}"
    recipients = phones.first_at(event.door)
    return phones.tell(event, recipients, text, press=press, update=update, picture=picture).note


@handler("visitor.answered", timeout_s=30, max_age_s=3600, uses=open_messenger)
def note_answer(event: Event, config: Config, phones: VisitMessenger) -> str:
    """After an answer no further recipient is called, and the others can read it."""
    by, answer, via = (str(event.data.get(key, "")) for key in ("by", "answer", "via"))
    if answer == "snooze":
        everybody = "*" if via == "command" else ""
        phones.log.snooze(by or everybody, event.time.timestamp() + SNOOZE_S)
        return f"no more for {by or 'everybody'} for an hour"
    if not event.data.get("late"):  # else the visitor who rings now is not answered
        phones.log.record_answer(event.door, event.time.isoformat())
    press = str(event.data.get("press") or phones.latest(event.door, event.time) or "")
    readers = phones.readers(press, event.door, by, by_link=via == "link")
    if not press or not readers:
        return "no recipient now"
    text = f"{config.door_name(event.door)}: {answer.replace('_', ' ')}"
    if by:
        text += f" ({by})"
    return phones.tell(
        event,
        readers,
        text,
        press=press,
        silent=True,
        picture=phones.picture(press),
        wanted=lambda phone: bool(phone.updates),
    ).note


@handler("clock.day_ended", timeout_s=30, max_age_s=7200, uses=open_messenger)
def sum_up(event: Event, config: Config, phones: VisitMessenger) -> str:
    """How many rang today, if any."""
    rings = event.data["presses"].items()
    if not rings:
        return "nobody rang today"
    doors = ", ".join(f"{number} at the {_door(door, config)}" for door, number in rings)
    return phones.tell(event, phones.recipients, f"Rings today: {doors}").note


@handler("doorbell.drill_failed", timeout_s=30, max_age_s=86_400, uses=open_messenger)
def warn(event: Event, config: Config, phones: VisitMessenger) -> str:  # noqa: ARG001 - its shape
    """A nightly drill found what no longer works: better now than by the next visitor."""
    failed = [(one["handler"], one["reason"]) for one in event.data["failed"]]
    text = "\n".join(f"The doorbell's {name} does not work: {reason}" for name, reason in failed)
    return phones.tell(event, phones.recipients, text).note


def _links(event: Event, by: str) -> Iterable[answers.Answer]:
    """The answers that a recipient can give."""
    if event.type not in ANSWERABLE:
        return []
    if event.type == "notify.waited":  # its subject is not the door
        event = replace(event, subject=event.data["door"])
    return answers.links(event, by=by)


def _call_later(place: str, wait_s: float, data: Mapping[str, Any]) -> None:
    later("notify.waited", wait_s, data, subject=place)


def _door(door: str, config: Config) -> str:
    return config.door_name(door).lower()


def _text(door: str, config: Config, at: datetime, age_s: float) -> str:
    if age_s > LATE_S:
        return f"You missed a visitor at the {_door(door, config)} at {at.astimezone():%H:%M}"
    return f"Somebody is at the {_door(door, config)}"
