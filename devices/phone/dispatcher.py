"""Who is told what on which phone: doors, quiet hours, rings that belong together, and each phone once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, NamedTuple

from devices.phone.phone import Note, Phone, PhoneError, Sent

TELL_S = 15.0  # a service that answers a byte at a time must not hold the others' next news up
LATELY = timedelta(seconds=120)
REMEMBERED = 200  # rings and pictures; older ones are nobody's business any more


@dataclass(frozen=True)
class Recipient:
    """Somebody who is told.

    Attributes:
        name: As the settings have it; empty for everybody.
        phones: All of them are told.
        doors: Only these; None: all.
        after_s: Seconds after which they are told, if nobody has answered.
        quiet: From when to when, by the local clock, nothing may wake them.
    """

    name: str
    phones: Sequence[Phone]
    doors: Sequence[str] | None = None
    after_s: float = 0.0
    quiet: tuple[time, time] | None = None

    def sleeps(self, now: datetime) -> bool:
        """Whether it is within their quiet hours."""
        if self.quiet is None:
            return False
        begin, end, at = *self.quiet, now.time()
        return begin <= at < end if begin <= end else at >= begin or at < end

    def wakes_in_s(self, now: datetime) -> float:
        """How long their quiet hours go on, in seconds."""
        end = self.quiet[1] if self.quiet else now.time()
        day = now.date() if now.time() < end else now.date() + timedelta(days=1)
        return (datetime.combine(day, end).astimezone() - now).total_seconds()


class Group(NamedTuple):
    """Rings that are told as one.

    Attributes:
        first: The id of the first press.
        rings: How many there were so far.
    """

    first: str
    rings: int


@dataclass
class Told:
    """What came of telling.

    Attributes:
        done: The phones that were told, by number, those of earlier attempts among them.
        failures: Why others were not.
        sent: What services gave back, by phone, to change what they said.
        held: People some of whose phones cannot be told without waking them.
    """

    done: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    sent: dict[str, Sent] = field(default_factory=dict)
    held: list[Recipient] = field(default_factory=list)


class Dispatcher:
    """All people with their phones, and what was told lately.

    Args:
        people: Who may be told.
        group_s: A ring so soon after the last one at that door belongs to it.
    """

    def __init__(self, people: Sequence[Recipient], group_s: float) -> None:
        self.people, self._group_s = people, group_s
        self._last: dict[str, tuple[Group, datetime]] = {}  # by door
        self._groups: OrderedDict[str, Group] = OrderedDict()  # by press
        self._under_way: set[Phone] = set()
        self._pictures: OrderedDict[str, Path] = OrderedDict()  # by press

    def people_at(self, door: str) -> list[Recipient]:
        """Who is told of this door."""
        return [person for person in self.people if person.doors is None or door in person.doors]

    def group(self, press: str, door: str, at: datetime) -> Group:
        """Which rings this one belongs to; asked again, it is the same answer."""
        if press in self._groups:
            return self._groups[press]
        last, when = self._last.get(door, (None, at))
        together = last is not None and timedelta() <= at - when <= timedelta(seconds=self._group_s)
        group = Group(last.first, last.rings + 1) if last and together else Group(press, 1)
        self._last[door] = group, at
        self._groups[press] = group
        while len(self._groups) > REMEMBERED:
            self._groups.popitem(last=False)
        return group

    def is_repeat(self, press: str) -> bool:
        """Whether this press was told with an earlier one."""
        return press in self._groups and self._groups[press].first != press

    def keep_picture(self, press: str, picture: Path) -> None:
        """It is there for who is told later."""
        self._pictures[press] = picture
        while len(self._pictures) > REMEMBERED:
            self._pictures.popitem(last=False)

    def picture(self, press: str) -> Path | None:
        """The picture of a press, if it has come and is still there."""
        found = self._pictures.get(press)
        return found if found and found.exists() else None

    def tell(
        self,
        people: Sequence[Recipient],
        note_for: Callable[[Recipient], Note],
        done: Sequence[str],
        sent: dict[str, Sent],
        *,
        wanted: Callable[[Phone], bool] = lambda _: True,
    ) -> Told:
        """Tell all phones at once, so that a slow service holds nobody up.

        Args:
            people: Whom.
            note_for: What each is told.
            done: Phones that need not be told again.
            sent: What they gave back before.
            wanted: Only such phones.
        """
        told, now = Told(done=[*done]), datetime.now().astimezone()
        calls: list[tuple[str, Phone, Note]] = []
        for person in people:
            note, asleep = note_for(person), person.sleeps(now)
            mine = [
                (f"{person.name}/{n}", phone)
                for n, phone in enumerate(person.phones)
                if wanted(phone)
            ]
            loud = [phone for _, phone in mine if asleep and not phone.can_be_silent]
            told.held += [person] if loud else []
            note = replace(note, silent=note.silent or asleep)
            calls += [
                (key, phone, note) for key, phone in mine if key not in done and phone not in loud
            ]
        answers: SimpleQueue[tuple[str, Note, Sent | Exception | None]] = SimpleQueue()
        waiting: dict[str, Phone] = {}
        for key, phone, note in calls:
            if phone in self._under_way:
                told.failures.append(f"{phone.name} has not answered the last time yet")
                continue
            waiting[key] = phone
            self._under_way.add(phone)
            work = (answers, key, phone, note, sent.get(f"{note.key} {key}"))
            threading.Thread(target=self._call, args=work, daemon=True).start()
        _collect(told, answers, waiting)
        return told

    def latest(self, door: str, at: datetime) -> str | None:
        """The first press of who rings at a door now, or did lately."""
        group, when = self._last.get(door, (None, at))
        return group.first if group and at - when <= LATELY else None

    def _call(
        self, answers: "SimpleQueue[Any]", key: str, phone: Phone, note: Note, before: Sent | None
    ) -> None:
        """In a thread of its own, which a service that never ends its answer keeps for itself."""
        given: Sent | Exception | None
        try:
            given = phone.tell(note, before)
        except Exception as error:  # noqa: BLE001 - what one service does to its driver is no other phone's business
            given = error
        self._under_way.discard(phone)  # first of all: the next news may come at once
        answers.put((key, note, given))


def _collect(told: Told, answers: "SimpleQueue[Any]", waiting: dict[str, Phone]) -> None:
    deadline = monotonic() + TELL_S
    while waiting:
        try:
            key, note, given = answers.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            told.failures += [
                f"{phone.name} does not answer within {TELL_S:g} s" for phone in waiting.values()
            ]
            return
        phone = waiting.pop(key)
        if isinstance(given, PhoneError):
            told.failures.append(str(given))
        elif isinstance(given, Exception):
            told.failures.append(f"{phone.name}: {type(given).__name__}")
        else:
            told.done.append(key)
            told.sent |= {f"{note.key} {key}": given} if given else {}
