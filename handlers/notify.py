"""Tell the phones who rings; the picture and the answer follow in the same notification."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from devices.phone import (
    DispatchResult,
    Messenger,
    Notification,
    Phone,
    PhoneSettings,
    Recipient,
    ReplyButton,
    is_jpeg,
)
from hub import Drop, Event, HandlerConfig, answers, checkpoint, emit, handler, later, memory

LATE_S = 60.0  # then the visitor has been missed, and a picture shows another one, if any
SNOOZE_S = 3600.0
LATE_PICTURE_S = 5.0  # then the text says how late
RINGS = 5  # after so many rings without a pause the phones are told how many
ANSWERABLE = ("doorbell.pressed", "snapshot.taken", "notify.again", "notify.waited")


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
def open_messenger(config: Config) -> Iterator[Messenger]:
    """Open all phones; at start, because it takes seconds."""
    yield Messenger(config.open_recipients(), config.group_s, memory, checkpoint)


def reach(event: Event, config: Config, phones: Messenger) -> str:
    """The dry run: each service's host must answer. Nothing is sent, unless `drill_text` is set."""
    if not config.drill_text:
        return phones.reach()
    text = f"This is a drill: nobody is at the {_door(event.door, config)}"
    return _tell(event, phones, phones.recipients, _message(config, text, event.id)).note


@handler("doorbell.pressed", timeout_s=30, max_age_s=86_400, uses=open_messenger, drill=reach)
def notify(event: Event, config: Config, phones: Messenger) -> str:
    """Somebody is there, or was; further rings of the same visitor are counted with the first."""
    first, rings = phones.group(event.id, event.door, event.time)
    visit = {"press": first, "door": event.door, "at": event.time.isoformat(), "count": rings}
    if first != event.id:
        later("notify.again", config.group_s if rings % RINGS else 0, visit)
        return f"ring {rings} of this visitor: counted in the first notification"
    for recipient in phones.recipients_at(event.door):
        if recipient.after_s:
            _call_later(recipient, recipient.after_s, visit)
    checkpoint()  # they are called even if no phone can be reached now
    text = _text(event.door, config, event.time, event.age_s())
    message = _message(config, text, first)
    result = _tell(event, phones, _first(phones, event.door), message, visit=visit)
    if result.delivered:
        emit("notification.sent", {"press": event.id})
    return result.note


@handler("notify.again", timeout_s=30, attempts=2, uses=open_messenger)
def count(event: Event, config: Config, phones: Messenger) -> str:
    """The visitor has rung several times: say how often, in the first notification if possible."""
    visit, at = event.data, datetime.fromisoformat(event.data["at"])
    if phones.log.is_answered(visit["door"], visit["at"]):
        return "somebody has answered meanwhile"
    text = _text(event.door, config, at, (event.time - at).total_seconds())
    text += f", and rang {visit['count']} times"
    message = _message(config, text, visit["press"], picture=phones.picture(visit["press"]))
    return _tell(event, phones, _first(phones, event.door), message).note


@handler("notify.waited", timeout_s=30, uses=open_messenger)
def escalate(event: Event, config: Config, phones: Messenger) -> str:
    """Nobody has answered so far, or a recipient's quiet hours are over: now it is their turn."""
    visit, at = event.data, datetime.fromisoformat(event.data["at"])
    if phones.log.is_answered(visit["door"], visit["at"]):
        return "somebody has answered meanwhile"

    def wanted(phone: Phone) -> bool:
        return not (visit["held"] and phone.can_be_silent)  # else it was told silently

    press = visit["press"]
    text = _text(visit["door"], config, at, (datetime.now(UTC) - at).total_seconds())
    message = _message(config, text, press, picture=phones.picture(press))
    recipients = [one for one in phones.recipients if one.name == visit["name"]]
    at_door = replace(event, subject=visit["door"])  # a timer's subject is its own
    result = _tell(at_door, phones, recipients, message, visit=visit, wanted=wanted)
    if result.delivered:
        phones.log.record_escalation(press, visit["name"])
    return result.note


@handler("snapshot.taken", timeout_s=30, max_age_s=600, uses=open_messenger)
def show(event: Event, config: Config, phones: Messenger) -> str:
    """The picture of this press follows, in the same notification if possible."""
    picture, press = Path(str(event.data.get("path"))), event.cause or event.id
    after_s = float(event.data.get("after_s", 0))
    if not config.picture:
        return "pictures are switched off"
    if not is_jpeg(picture):
        raise Drop("the picture is gone, or is none")
    if phones.is_repeat(press):
        return "another picture of the same visitor: not sent"
    if after_s > LATE_S:
        return (
            f"the picture was taken {after_s:.0f} s after the ring:"
            " it shows somebody else, if anybody"
        )
    phones.keep_picture(press, picture)
    text = f"This is who was there at {event.time.astimezone():%H:%M}"
    update = _text(event.door, config, event.time, event.age_s())
    if after_s > LATE_PICTURE_S:
        text += f", {after_s:.0f} s after the ring"
        update += f". The picture was taken {after_s:.0f} s after the ring"
    message = _message(config, text, press, update=update, picture=picture)
    return _tell(event, phones, _first(phones, event.door), message).note


@handler("visitor.answered", timeout_s=30, max_age_s=3600, uses=open_messenger)
def note_answer(event: Event, config: Config, phones: Messenger) -> str:
    """After an answer no further recipient is called, and the others can read it."""
    by, answer, press = (str(event.data.get(key, "")) for key in ("by", "answer", "press"))
    is_command = event.data.get("via") == "command"
    if answer == "snooze":
        phones.log.snooze(by or ("*" if is_command else ""), event.time.timestamp() + SNOOZE_S)
        return f"no more for {by or 'everybody'} for an hour"
    if not event.data.get("late"):  # else the visitor who rings now is not answered
        phones.log.record_answer(event.door, event.time.isoformat())
    press = press or phones.latest(event.door, event.time) or ""
    is_from_link = event.data.get("via") == "link"  # without a name it is one of `urls`

    def is_to_read(recipient: Recipient) -> bool:
        is_own = recipient.name == by and (bool(by) or is_from_link)
        knows = not recipient.after_s or recipient.name in phones.log.escalated_to(press)
        return knows and not is_own

    readers = [one for one in phones.recipients_at(event.door) if is_to_read(one)]
    if not press or not readers:
        return "no recipient now"
    text = f"{config.door_name(event.door)}: {answer.replace('_', ' ')}"
    if by:
        text += f" ({by})"
    message = _message(config, text, press, silent=True, picture=phones.picture(press))
    return _tell(event, phones, readers, message, wanted=lambda phone: bool(phone.updates)).note


@handler("clock.day_ended", timeout_s=30, max_age_s=7200, uses=open_messenger)
def sum_up(event: Event, config: Config, phones: Messenger) -> str:
    """How many rang today, if any."""
    rings = event.data["presses"].items()
    if not rings:
        return "nobody rang today"
    doors = ", ".join(f"{number} at the {_door(door, config)}" for door, number in rings)
    message = _message(config, f"Rings today: {doors}", event.id)
    return _tell(event, phones, phones.recipients, message).note


@handler("doorbell.drill_failed", timeout_s=30, max_age_s=86_400, uses=open_messenger)
def warn(event: Event, config: Config, phones: Messenger) -> str:
    """A nightly drill found what no longer works: better now than by the next visitor."""
    failed = [(one["handler"], one["reason"]) for one in event.data["failed"]]
    text = "\n".join(f"The doorbell's {name} does not work: {reason}" for name, reason in failed)
    return _tell(event, phones, phones.recipients, _message(config, text, event.id)).note


def _message(config: Config, text: str, key: str, **more: Any) -> Notification:
    return Notification(title=config.title, text=text, key=key, **more)


def _tell(
    event: Event,
    phones: Messenger,
    recipients: Sequence[Recipient],
    message: Notification,
    *,
    visit: Mapping[str, Any] | None = None,
    wanted: Callable[[Phone], bool] = lambda _: True,
) -> DispatchResult:
    """Notify each phone once, with answers in the recipient's name, or when they are awake."""

    def buttons(recipient: Recipient) -> list[ReplyButton]:
        links = answers.links(event, by=recipient.name) if event.type in ANSWERABLE else []
        return [ReplyButton(link.label, link.url) for link in links]

    def hold(recipient: Recipient) -> None:
        if visit:
            wait_s = recipient.wakes_in_s(datetime.now().astimezone())
            _call_later(recipient, wait_s, visit, held=True)

    return phones.deliver(
        message,
        recipients,
        event.id,
        at=event.time,
        buttons=buttons,
        wanted=wanted,
        on_hold=hold,
    )


def _call_later(
    recipient: Recipient, wait_s: float, visit: Mapping[str, Any], *, held: bool = False
) -> None:
    place = f"{recipient.name or 'all'}-{visit['press'][-12:]}"
    later("notify.waited", wait_s, {**visit, "name": recipient.name, "held": held}, subject=place)


def _first(phones: Messenger, door: str) -> list[Recipient]:
    """The recipients who are told at once."""
    return [recipient for recipient in phones.recipients_at(door) if not recipient.after_s]


def _door(door: str, config: Config) -> str:
    return config.door_name(door).lower()


def _text(door: str, config: Config, at: datetime, age_s: float) -> str:
    if age_s > LATE_S:
        return f"You missed a visitor at the {_door(door, config)} at {at.astimezone():%H:%M}"
    return f"Somebody is at the {_door(door, config)}"
