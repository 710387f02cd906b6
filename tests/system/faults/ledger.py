"""The audit after the faults: presses, messages and acts, and whether the state files agree.

Everything is read from outside: the processes' state files, what was heard on the broker, and the
lines that the handlers' acts left. `settle_accounts` waits until no event is in progress any more,
and then lists every violation at once.
"""

import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.consumer.consumer import GATHERED
from tests.forked import PATIENCE_S
from tests.house import House
from tests.system.faults import reliability

FINAL = ("handler.done", "handler.skipped", "handler.dead")
PRESSED = "doorbell.pressed"
CUT_OFF = ("stopped while it ran", "stopped before it ran")  # by a polite stop: no attempt


@dataclass
class Books:
    """What one process's state file says.

    Attributes:
        said: Its journal, in order: each event as JSON, with whether a broker has acknowledged it.
        heads: The last sequence of each stream and epoch, as it believes.
        cursors: How far it has come with what others say, by stream and epoch.
        in_hand: State and event id of what its inbox holds.
        sound: Whether SQLite finds the file undamaged.
    """

    said: list[tuple[dict[str, Any], bool]] = field(default_factory=list)
    heads: dict[tuple[str, str], int] = field(default_factory=dict)
    cursors: dict[tuple[str, str], int] = field(default_factory=dict)
    in_hand: list[tuple[str, str]] = field(default_factory=list)
    sound: bool = True


@dataclass
class Handler:
    """One handler's side of the matter.

    Attributes:
        kind: The type of the events that it reacts to: presses, or what other handlers emit. Of a
            handler of everything the presses are looked at.
        repeats: Whether its policy is to act again when a crash may have come after the act.
        acts: Each act at its effect: the event's id, and whether it was marked as redelivered.
        crashes: How often it died, at most; None when nobody counted.
        at_once: How many events it has in hand at most, so that a crash may repeat as many.
    """

    books: Books
    acts: list[tuple[str, bool]]
    kind: str = PRESSED
    repeats: bool = True
    crashes: int | None = None
    at_once: int = 1

    def outcomes(self) -> dict[str, list[dict[str, Any]]]:
        """What it recorded of each event, in order."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event, _ in self.books.said:
            if event["type"].startswith("handler.") and event["data"]["type"] == self.kind:
                found[event["causationid"]].append(event)
        return found


@dataclass
class Ledger:
    """All books of a house, and what was seen and heard outside of them."""

    hub: Books
    handlers: dict[str, Handler]
    heard: list[dict[str, Any]]
    commanded: list[str]
    rings: int = 0  # how often the button itself was pressed

    @property
    def presses(self) -> list[str]:
        """The ids of what stands in the hub's journal: what the button saw."""
        return self.events(PRESSED)

    @property
    def everybody(self) -> dict[str, Books]:
        """All who speak."""
        return {"hub": self.hub} | {name: handler.books for name, handler in self.handlers.items()}

    def events(self, kind: str) -> list[str]:
        """The ids of all events of a type in a journal: what each handler of that type owes."""
        return [
            event["id"]
            for books in self.everybody.values()
            for event, _ in books.said
            if event["type"] == kind
        ]

    def heads(self, kind: str) -> dict[tuple[str, str], int]:
        """How far each topic of that type goes, by topic and epoch."""
        heads = [head for books in self.everybody.values() for head in books.heads.items()]
        return {key: last for key, last in heads if f" {kind} " in key[0]}


def read(house: House) -> Ledger:
    """Read everything against the flow, so that no effect is seen without its cause."""
    heard = house.ears.messages("doorbell/+/+/event/#")
    # Who reacts to other handlers' events is written after them, so read before them.
    handlers = {name: _read_handler(house, name) for name in reversed(list(house.handlers))}
    return Ledger(
        read_books(house.state_dir / "hub-home.db"),
        handlers,
        heard,
        list(house.commanded),
        house.rings,
    )


def _read_handler(house: House, name: str) -> Handler:
    books, decoration = read_books(house.state_dir / f"{name}.db"), house.handlers[name]
    kind = decoration.split('"')[1]
    return Handler(
        books,
        house.acts(name),
        kind=PRESSED if kind == "*" else kind,
        repeats='on_redelivery="skip"' not in decoration,
        crashes=house.deaths(name),
        at_once=GATHERED if kind == "*" else 1,
    )


def read_books(path: Path) -> Books:
    """One state file, by SQL of our own: the product's own reading is not asked."""
    if not path.exists():
        return Books()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        db.execute("BEGIN")
        rows = db.execute("SELECT payload, published FROM journal ORDER BY position").fetchall()
        heads = db.execute("SELECT stream, epoch, sequence FROM head")
        cursors = db.execute("SELECT stream, epoch, sequence FROM cursor")
        hand = db.execute("SELECT state, payload FROM inbox WHERE state != 'done'").fetchall()
        return Books(
            said=[(json.loads(payload), bool(published)) for payload, published in rows],
            heads={(stream, epoch): last for stream, epoch, last in heads},
            cursors={(stream, epoch): last for stream, epoch, last in cursors},
            in_hand=[(state, json.loads(payload)["id"]) for state, payload in hand],
            sound=db.execute("PRAGMA integrity_check").fetchone() == ("ok",),
        )


def settle_accounts(house: House, patience_s: float = PATIENCE_S) -> Ledger:
    """Wait until no event is in progress; fails with every violation of the promise at once."""
    deadline = time.monotonic() + patience_s
    while True:
        ledger = read(house)
        wrong, open_ = list(violations(ledger)), list(unsettled(ledger))
        if not wrong and not open_:
            reliability.note(house, ledger)
            return ledger
        if wrong or time.monotonic() > deadline:
            late = open_ if not wrong else [f"(and {len(open_)} things are still in hand)"]
            raise AssertionError(
                "\n".join(["the books do not agree:", *wrong, *late, *_last_words(house)])
            )
        time.sleep(0.05)


def unsettled(ledger: Ledger) -> Iterator[str]:
    """What is allowed for a while, and a loss when it stays."""
    heard = {event["id"] for event in ledger.heard}
    for name, books in ledger.everybody.items():
        for event, published in books.said:
            if (
                not published and event["id"] not in heard
            ):  # that it was acknowledged is noted when there is time
                yield f"{name}: {event['type']} {event['id']} was never said"
    for name, handler in ledger.handlers.items():
        outcomes = handler.outcomes()
        for event in ledger.events(handler.kind):
            if not any(outcome["type"] in FINAL for outcome in outcomes[event]):
                yield f"{name}: {handler.kind} {event} is lost: it has no final outcome"
        for state, event in handler.books.in_hand:
            if state != "dead":
                yield f"{name}: {event} is still in hand ({state})"
        for (stream, epoch), last in ledger.heads(handler.kind).items():
            if handler.books.cursors.get((stream, epoch), 0) != last:
                come = handler.books.cursors.get((stream, epoch), 0)
                yield f"{name}: has come to {come} of {last} on {stream} (epoch {epoch})"


def violations(ledger: Ledger) -> Iterator[str]:
    """What must never be, not for a moment."""
    yield from _of_journal("hub", ledger.hub)
    yield from _of_presses(ledger)
    yield from _of_announcements(ledger)
    for name, handler in ledger.handlers.items():
        yield from _of_journal(name, handler.books)
        yield from _of_outcomes(name, handler, ledger.events(handler.kind))
        yield from _of_emitted(name, handler)
        yield from _of_acts(name, handler, ledger.events(handler.kind))


def _of_journal(name: str, books: Books) -> Iterator[str]:
    if not books.sound:
        yield f"{name}: the state file is damaged"
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event, _ in books.said:
        stream = f"{event['source']} {event['type']} {event['subject']}"
        numbers[stream, event["epoch"]].append(int(event["sequence"]))
    for key, found in numbers.items():
        if found != list(range(1, books.heads.get(key, 0) + 1)):
            yield f"{name}: {key[0]} is numbered {found}, with its head at {books.heads.get(key)}"


def _of_presses(ledger: Ledger) -> Iterator[str]:
    for press, times in Counter(ledger.presses).items():
        if times > 1:
            yield f"hub: press {press} stands {times} times in the journal"
    by_button = [press for press in ledger.presses if press not in ledger.commanded]
    if len(by_button) > ledger.rings:
        yield (
            f"hub: rang by itself: {len(by_button)} presses without a command, "
            f"and {ledger.rings} at the button"
        )


def _of_announcements(ledger: Ledger) -> Iterator[str]:
    """Nothing is said that is not written down, and never in two ways."""
    written = {event["id"]: event for books in ledger.everybody.values() for event, _ in books.said}
    for event in ledger.heard:
        if event["id"] not in written:
            yield f"{event['source']}: {event['type']} {event['id']} stands in no journal"
        elif written[event["id"]] != event:
            yield f"{event['source']}: {event['type']} {event['id']} differs from its journal"


def _of_outcomes(name: str, handler: Handler, owed: list[str]) -> Iterator[str]:
    dead = {event for state, event in handler.books.in_hand if state == "dead"}
    for press, outcomes in handler.outcomes().items():
        kinds = [outcome["type"] for outcome in outcomes]
        final = [kind for kind in kinds if kind in FINAL]
        if press not in owed:
            yield f"{name}: recorded {kinds} of {press}, which nobody said"
        if len(final) > 1 or (final and kinds[-1] not in FINAL):
            yield f"{name}: press {press} ended more than once, or went on after its end: {kinds}"
        if ("handler.dead" in final) != (press in dead):
            yield f"{name}: press {press} ended as {final}, and the dead letters say otherwise"
        attempts = [outcome["data"]["attempt"] for outcome in outcomes]
        counted = [
            one["data"]["attempt"] for one in outcomes if one["data"].get("reason") not in CUT_OFF
        ]
        if attempts != sorted(attempts) or counted != sorted(set(counted)):
            yield f"{name}: the attempts at {press} are numbered {attempts}"


def _of_emitted(name: str, handler: Handler) -> Iterator[str]:
    """What a handler emits is said once, and only with its success."""
    done = {
        cause
        for cause, ends in handler.outcomes().items()
        if any(end["type"] == "handler.done" for end in ends)
    }
    said = [event for event, _ in handler.books.said if not event["type"].startswith("handler.")]
    for (kind, cause), times in Counter(
        (event["type"], event["causationid"]) for event in said
    ).items():
        if times > 1:
            yield f"{name}: said {kind} {times} times because of {cause}"
        if cause not in done:
            yield f"{name}: said {kind} because of {cause}, which is not done"


def _of_acts(name: str, handler: Handler, owed: list[str]) -> Iterator[str]:
    told: dict[str, list[bool]] = defaultdict(list)
    for event, redelivered in handler.acts:
        told[event].append(redelivered)
    ends = {
        press: [outcome for outcome in outcomes if outcome["type"] in FINAL]
        for press, outcomes in handler.outcomes().items()
    }
    for press, flags in told.items():
        if press not in owed:
            yield f"{name}: acted on {press}, which nobody said"
        if len(flags) > 1 and not handler.repeats:
            yield f"{name}: acted {len(flags)} times on {press}, and its policy is not to repeat"
        if not all(flags[1:]):
            yield f"{name}: acted again on {press} without being told (redelivered: {flags})"
        if len(flags) > 1 and not all(end["data"]["redelivered"] for end in ends.get(press, [])):
            yield f"{name}: acted {len(flags)} times on {press}, and its outcome does not say so"
    for press, outcomes in ends.items():
        if not told[press] and any(outcome["type"] == "handler.done" for outcome in outcomes):
            yield f"{name}: says that {press} is done, and did nothing"
    repeats = sum(len(flags) - 1 for flags in told.values() if flags)
    if handler.crashes is not None and repeats > handler.crashes * handler.at_once:
        yield f"{name}: repeated {repeats} acts, and died only {handler.crashes} times"


def _last_words(house: House) -> Iterator[str]:
    for name in ("hub", *house.handlers):
        yield f"--- {name} (running: {house.is_running(name)}) ---\n{house.log(name)[-1500:]}"
