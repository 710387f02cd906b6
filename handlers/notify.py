"""Tell the phones: the text at once, the picture and answers in the same notification where the service can do that."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from devices.machine import DailyWindow
from devices.phone import (
    Dispatcher,
    Notification,
    Phone,
    Recipient,
    ReplyButton,
    SentLog,
    fault_in_url,
    open_phones,
)
from hub import (
    Drop,
    Event,
    HandlerConfig,
    Section,
    answers,
    checkpoint,
    emit,
    handler,
    later,
    memory,
)

LATE_S = 60.0
SNOOZE_S = 3600.0
LATE_PICTURE_S = 5.0  # then it is said; after a minute it shows somebody else, if anybody
RINGS = 5  # who rings on and on is told of after so many
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
ANSWERABLE = ("doorbell.pressed", "snapshot.taken", "notify.again", "notify.waited")
Writer = Callable[[Recipient], Notification]
book = SentLog(memory)


def _are_services(urls: list[SecretStr]) -> list[SecretStr]:
    faults = {number: fault_in_url(url.get_secret_value()) for number, url in enumerate(urls, 1)}
    if bad := {number: fault for number, fault in faults.items() if fault}:
        raise ValueError(f"number {[*bad]} {next(iter(bad.values()))}")
    return urls


Urls = Annotated[list[SecretStr], AfterValidator(_are_services)]


class RecipientSettings(Section):
    """`[handlers.notify.recipients.NAME]`: somebody who is told."""

    urls: Urls = Field(min_length=1, description="where to, as Apprise URLs")
    doors: list[str] | None = Field(None, description="only these doors; all when not set")
    after_s: float = Field(
        0, ge=0, le=3600, description="told only if nobody has answered after so long"
    )
    quiet_from: time | None = Field(None, description="told silently from then on, like 22:00")
    quiet_to: time | None = Field(None, description="until then, like 07:00")

    @model_validator(mode="after")
    def _quiet_has_two_ends(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet_from and quiet_to go together. Set both, or neither")
        return self


class Config(HandlerConfig):
    """Settings of `notify`."""

    urls: Urls = Field(
        [], description="where to, as Apprise URLs, like ntfy://ntfy.sh/my-door: told of everything"
    )
    recipients: dict[str, RecipientSettings] = Field(
        {}, description="people, each with their own ways, doors and hours"
    )
    title: str = Field("Doorbell", description="the notification's title")
    group_s: float = Field(
        10, ge=0, le=300, description="a ring so soon after the last one is told with it"
    )
    drill_text: bool = Field(False, description="whether a drill sends a text, marked as one")
    picture: bool = Field(True, description="whether the picture follows")

    def check(self) -> list[str]:
        """A recipient's name stands in links and timers."""
        bad = [name for name in self.recipients if not NAME.fullmatch(name)]
        faults = [
            f"recipients: {name!r}: not a name. Use a-z, 0-9, - and _, 32 characters at most"
            for name in bad
        ]
        doors = {name: one.doors or () for name, one in self.recipients.items()}
        return faults + [
            fault
            for name in doors
            for fault in self.faults_in_doors(f"recipients.{name}", doors[name])
        ]


@contextmanager
def open_board(config: Config) -> Iterator[Dispatcher]:
    """All phones; made at start, which takes time."""
    everybody = {"": RecipientSettings(urls=config.urls)} if config.urls else {}
    people = [
        Recipient(
            name=name,
            phones=[phone for url in one.urls for phone in open_phones(url.get_secret_value())],
            doors=one.doors,
            after_s=one.after_s,
            quiet=_quiet_hours(one),
        )
        for name, one in (everybody | config.recipients).items()
    ]
    yield Dispatcher(people, config.group_s)


def _quiet_hours(one: RecipientSettings) -> DailyWindow | None:
    if one.quiet_from is None or one.quiet_to is None:
        return None
    return DailyWindow(one.quiet_from, one.quiet_to)


def reach(event: Event, config: Config, board: Dispatcher) -> str:
    """The dry run: does each service's host answer? It is told nothing, unless `drill_text` says so."""
    if config.drill_text:
        text = f"This is a drill: nobody is at the {_door(event.door, config)}"
        return _tell(event, board, board.recipients, _writer(event, config, text))[0]
    phones = [phone for person in board.recipients for phone in person.phones]
    if faults := [fault for phone in phones if (fault := phone.fault_in_reaching())]:
        raise ConnectionError("; ".join(faults))
    known = sum(phone.has_address for phone in phones)
    return (
        f"{known} of {len(phones)} services answer; nothing was sent"
        if phones
        else "no phone is set up"
    )


@handler("doorbell.pressed", timeout_s=30, max_age_s=86_400, uses=open_board, drill=reach)
def notify(event: Event, config: Config, board: Dispatcher) -> str:
    """Say that somebody is there, or that somebody was. Who rings again soon is told with the first ring."""
    group, people = board.group(event.id, event.door, event.time), board.recipients_at(event.door)
    data = {
        "press": group.first,
        "door": event.door,
        "at": event.time.isoformat(),
        "count": group.rings,
    }
    if group.first != event.id:
        later("notify.again", config.group_s if group.rings % RINGS else 0, data)
        return f"ring {group.rings} of this visitor: told with the first"
    for person in people:
        if person.after_s:
            _come_back(person, person.after_s, data)
            checkpoint()
    text = _text(event.door, config, event.time, event.age_s())
    words, told = _tell(event, board, _first(people), _writer(event, config, text), data=data)
    if told:
        emit("notification.sent", {"press": event.id})
    return words


@handler("notify.again", timeout_s=30, attempts=2, uses=open_board)
def count(event: Event, config: Config, board: Dispatcher) -> str:
    """The visitor has rung several times: say how often, in the first notification where that can be."""
    data, at = event.data, datetime.fromisoformat(event.data["at"])
    if book.is_answered(data["door"], data["at"]):
        return "somebody has answered meanwhile"
    text = f"{_text(event.door, config, at, (event.time - at).total_seconds())}, and rang {data['count']} times"
    note_for = _writer(
        event,
        config,
        text,
        press=data["press"],
        picture=board.picture(data["press"]) or book.picture(data["press"]),
    )
    return _tell(event, board, _first(board.recipients_at(event.door)), note_for)[0]


@handler("notify.waited", timeout_s=30, uses=open_board)
def escalate(event: Event, config: Config, board: Dispatcher) -> str:
    """Nobody has answered so far, or somebody's quiet hours are over: now it is their turn."""
    data, at = event.data, datetime.fromisoformat(event.data["at"])
    if book.is_answered(data["door"], data["at"]):
        return "somebody has answered meanwhile"
    text = _text(data["door"], config, at, (datetime.now(UTC) - at).total_seconds())
    at_door = replace(event, subject=data["door"])  # a timer's subject is its own
    note_for = _writer(
        at_door,
        config,
        text,
        press=data["press"],
        picture=board.picture(data["press"]) or book.picture(data["press"]),
    )
    people = [person for person in board.recipients if person.name == data["name"]]

    def wanted(phone: Phone) -> bool:
        return not (data["held"] and phone.can_be_silent)

    words, told = _tell(event, board, people, note_for, data=data, wanted=wanted)
    if told:
        book.record_escalation(data["press"], data["name"])
    return words


@handler("snapshot.taken", timeout_s=30, max_age_s=600, uses=open_board)
def show(event: Event, config: Config, board: Dispatcher) -> str:
    """Let the picture of this press follow, in the same notification where that can be."""
    picture, press = Path(str(event.data.get("path"))), event.cause or event.id
    if not config.picture:
        return "pictures are switched off"
    if not _is_jpeg(picture):
        raise Drop("the picture is gone, or is none")
    if board.is_repeat(press):
        return "another picture of the same visitor: not sent"
    if (after_s := float(event.data.get("after_s", 0))) > LATE_S:
        return f"the picture was taken {after_s:.0f} s after the ring: it shows somebody else, if anybody"
    if any(person.after_s for person in board.recipients):
        book.keep_picture(press, picture)
    board.keep_picture(press, picture)
    late = f", {after_s:.0f} s after the ring" if after_s > LATE_PICTURE_S else ""
    text = f"This is who was there at {event.time.astimezone():%H:%M}{late}"
    update = _text(event.door, config, event.time, event.age_s()) + (
        late and f". The picture was taken{late[1:]}"
    )
    note_for = _writer(event, config, text, press=press, update=update, picture=picture)
    return _tell(event, board, _first(board.recipients_at(event.door)), note_for)[0]


@handler("visitor.answered", timeout_s=30, max_age_s=3600, uses=open_board)
def note_answer(event: Event, config: Config, board: Dispatcher) -> str:
    """Who wants no more gets none for an hour; after an answer nobody else is called, and the others can read it."""
    by, answer, press = (str(event.data.get(key, "")) for key in ("by", "answer", "press"))
    if answer == "snooze":
        everybody = (
            "*" if event.data.get("via") == "command" else ""
        )  # a link without a name is `urls`' own
        book.snooze(by or everybody, event.time.timestamp() + SNOOZE_S)
        return f"no more for {by or 'everybody'} for an hour"
    if not event.data.get("late"):  # else it is no answer to who rings now
        book.record_answer(event.door, event.time.isoformat())
    text = f"{config.door_name(event.door)}: {answer.replace('_', ' ')}{f' ({by})' * bool(by)}"
    asker = (
        by if event.data.get("via") == "link" else by or None
    )  # a link without a name is of `urls`
    press = press or board.latest(event.door, event.time) or ""
    knowing = [
        one
        for one in board.recipients_at(event.door)
        if not one.after_s or one.name in book.escalated_to(press)
    ]
    others = [one for one in knowing if one.name != asker] if press else []
    note_for = _writer(
        event,
        config,
        text,
        press=press,
        buttons=False,
        silent=True,
        picture=board.picture(press) or book.picture(press),
    )
    updates = lambda phone: bool(phone.updates)  # noqa: E731 - a rule in a line
    return _tell(event, board, others, note_for, wanted=updates)[0] if others else "nobody to tell"


@handler("clock.day_ended", timeout_s=30, max_age_s=7200, uses=open_board)
def sum_up(event: Event, config: Config, board: Dispatcher) -> str:
    """What was today, if anything was."""
    doors = [
        f"{number} at the {_door(door, config)}" for door, number in event.data["presses"].items()
    ]
    text = f"Rings today: {', '.join(doors)}"
    return (
        _tell(event, board, board.recipients, _writer(event, config, text))[0]
        if doors
        else "nobody rang today"
    )


@handler("doorbell.drill_failed", timeout_s=30, max_age_s=86_400, uses=open_board)
def warn(event: Event, config: Config, board: Dispatcher) -> str:
    """A nightly drill found what no longer works: better told now than by the next visitor."""
    failed = [(one["handler"], one["reason"]) for one in event.data["failed"]]
    text = "\n".join(f"The doorbell's {name} does not work: {reason}" for name, reason in failed)
    return _tell(event, board, board.recipients, _writer(event, config, text))[0]


def _tell(
    event: Event,
    board: Dispatcher,
    people: Sequence[Recipient],
    note_for: Writer,
    *,
    data: Mapping[str, Any] | None = None,
    wanted: Callable[[Phone], bool] = lambda _: True,
) -> tuple[str, int]:
    """Tell each phone; who has been told is remembered, so that another try tells only the others."""
    text = note_for(people[0] if people else Recipient("", [])).text
    if not board.recipients:
        return f"no phone is set up; it would have read: {text}", 0
    awake = [one for one in people if not book.is_snoozed(one.name, event.time.timestamp())]
    told = board.send(awake, note_for, book.delivered(event.id), book.receipts, wanted=wanted)
    book.record_receipts(told.receipts)
    for person in told.held if data else []:
        _come_back(person, person.wakes_in_s(datetime.now().astimezone()), data or {}, held=True)
    if told.failures:
        book.record_partial(event.id, told.delivered)
        checkpoint()
        number = len(told.failures) + len(told.delivered)
        failures = "; ".join(told.failures)
        raise ConnectionError(
            f"{len(told.failures)} of {number} services did not take it: {failures}"
        )
    book.record_complete(event.id)
    return (f"told {len(told.delivered)}: {text}" if awake else "nobody wants to be told now"), len(
        told.delivered
    )


def _writer(
    event: Event, config: Config, text: str, *, press: str = "", buttons: bool = True, **more: Any
) -> Writer:
    """What each person is told: the same, with answers that bear their name."""

    def note_for(person: Recipient) -> Notification:
        links = answers.links(event, by=person.name) if buttons and event.type in ANSWERABLE else []
        given = [ReplyButton(link.label, link.url) for link in links]
        return Notification(
            title=config.title, text=text, key=press or event.id, buttons=given, **more
        )

    return note_for


def _come_back(
    person: Recipient, after_s: float, data: Mapping[str, Any], *, held: bool = False
) -> None:
    place = f"{person.name or 'all'}-{data['press'][-12:]}"
    later("notify.waited", after_s, {**data, "name": person.name, "held": held}, subject=place)


def _first(people: Sequence[Recipient]) -> list[Recipient]:
    """Those who are told at once."""
    return [person for person in people if not person.after_s]


def _door(door: str, config: Config) -> str:
    return config.door_name(door).lower()


def _text(door: str, config: Config, at: datetime, age_s: float) -> str:
    if age_s > LATE_S:
        return f"You missed a visitor at the {_door(door, config)} at {at.astimezone():%H:%M}"
    return f"Somebody is at the {_door(door, config)}"


def _is_jpeg(path: Path) -> bool:
    """Only pictures leave the house, whatever file an event names."""
    try:
        with path.open("rb") as file:
            return file.read(3) == b"\xff\xd8\xff"
    except OSError:
        return False
