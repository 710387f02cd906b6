"""What must be true after each power cut."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.power.remains import Remains
from tests.system.faults.ledger import FINAL, PRESSED

Event = dict[str, Any]
Act = tuple[str, str, bool]  # handler, press, and whether it was told to be a redelivery


def is_published_at_once(event: Event) -> bool:
    """Whether it may be published before it is synced: a press that the button saw."""
    return bool(event["type"] == PRESSED and event["data"].get("via") == "button")


def unsynced(heard: Iterable[Event], remains: Remains) -> list[str]:
    """The ids of the presses that were published, and are not on the disk."""
    known = remains.events
    return list(
        dict.fromkeys(e["id"] for e in heard if is_published_at_once(e) and e["id"] not in known)
    )


def lost(heard: Iterable[Event], before: Remains, now: Remains) -> Iterator[str]:
    """What was synced, and is gone."""
    known = now.events
    for event in {e["id"]: e for e in heard}.values():
        if not is_published_at_once(event) and event["id"] not in known:
            yield f"published after its sync, and gone: {_words(event)}"
    for event in before.events.values():
        if known.get(event["id"]) != event:
            yield f"was on the disk, and is gone: {_words(event)}"


def renumbered(heard: Iterable[Event], remains: Iterable[Remains]) -> Iterator[str]:
    """Numbers that were given twice, and events that were given two numbers."""
    ids: dict[tuple[str, ...], set[str]] = defaultdict(set)
    numbers: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    journaled = [event for remain in remains for event in remain.events.values()]
    for event in (*heard, *journaled):
        names = ("source", "type", "subject", "epoch", "sequence")
        number = tuple(str(event[name]) for name in names)
        ids[number].add(event["id"])
        numbers[event["id"]].add(number)
    yield from (f"{number} was given to {found}" for number, found in ids.items() if len(found) > 1)
    yield from (f"{one} has {found}" for one, found in numbers.items() if len(found) > 1)


def doubled(acts: Iterable[Act]) -> Iterator[str]:
    """Presses that were acted on twice against the handler's policy."""
    told: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for handler, press, redelivered in acts:
        told[handler, press].append(redelivered)
    for (handler, press), flags in told.items():
        if len(flags) > 1 and handler != "repeat":
            yield f"{handler} acted {len(flags)} times on {press}"
        if not all(flags[1:]):
            yield f"{handler} acted again on {press} without being told: {flags}"


def open_ends(
    remains: Remains, owed: set[str], handlers: Iterable[str], acts: Iterable[Act]
) -> Iterator[str]:
    """Presses of these that a handler has not brought to exactly one end."""
    acted = {(handler, press) for handler, press, _ in acts}
    for handler in handlers:
        ends: dict[str, list[str]] = defaultdict(list)
        for event, _ in remains.books[handler].said:
            if event["type"] in FINAL:
                ends[event["causationid"]].append(event["type"])
        for press in owed:
            found = ends[press]
            if len(found) != 1:
                yield f"{handler} brought {press} to {len(found)} ends: {found}"
            must_act = handler == "repeat" or "handler.done" in found
            if must_act and (handler, press) not in acted:
                yield f"{handler} never acted on {press}"


def _words(event: Event) -> str:
    return f"{event['source']} {event['type']} {event['sequence']} ({event['id']})"
