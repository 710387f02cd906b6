"""One press as a timeline: who heard of it when, what each did, and what followed from that."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from hub.store.history import JournaledEvent
from hub.wire import topics
from hub.wire.event import Event

SIGNS = {
    "handler.done": ("✓", "green"),
    "handler.retried": ("↻", "yellow"),
    "handler.skipped": ("·", "dim"),
    "handler.dead": ("✗", "red"),
}


@dataclass
class TraceNode:
    """One event, and by handler what it did about it.

    Attributes:
        told: The event; None for one that nobody but its handler has seen (`later`).
        attempts: By handler, its outcomes in order.
        followed: By speaker, what it said because of this.
    """

    kind: str
    told: JournaledEvent | None = None
    attempts: dict[str, list[Event]] = field(default_factory=dict)
    followed: dict[str, list["TraceNode"]] = field(default_factory=dict)


def chapters(said: Iterable[JournaledEvent]) -> list[TraceNode]:
    """What happened, as trees: mostly one, that of the press. Who set a timer is the parent of what came of it."""
    said = list(said)
    known: dict[str, TraceNode] = {}
    for told in said:
        if told.event.type not in SIGNS:
            known[told.event.id] = TraceNode(told.event.type, told)
    roots: list[TraceNode] = []
    for told in said:
        event = told.event
        if event.cause is None or (
            event.cause not in known and not roots and event.type not in SIGNS
        ):
            roots += [known[event.id]] if event.id in known else []
            continue
        parent = known.get(event.cause) or _timer(event, known, roots)
        if event.type in SIGNS:
            parent.attempts.setdefault(topics.name_of(event.source), []).append(event)
            if parent.told is None:
                parent.kind = str(event.data.get("type"))
        else:
            parent.followed.setdefault(topics.name_of(event.source), []).append(known[event.id])
    return roots


def _timer(event: Event, known: dict[str, TraceNode], roots: list[TraceNode]) -> TraceNode:
    """The chapter of an event that never left its handler."""
    chapter = known[str(event.cause)] = TraceNode("later")
    if roots:
        roots[0].followed.setdefault(topics.name_of(event.source), []).append(chapter)
    else:
        roots.append(chapter)
    return chapter


def render(root: TraceNode, door: str) -> RenderableType:
    """As a tree for the terminal."""
    if root.told is None:
        tree = Tree(
            Text(f"{root.kind}: what it followed from is not kept any more", "bold"),
            guide_style="dim",
        )
        _grow(tree, root)
        return tree
    event = root.told.event
    when = f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}.{event.time.microsecond // 1000:03}"
    doubt = "" if event.synchronised else " (by a clock that was not set)"
    tree = Tree(Text(f"{when}  {door}  {event.type}{doubt}", "bold"), guide_style="dim")
    tree.add(Text(f"id {event.id} · trace {event.traceparent.split('-')[1]}", "dim"))
    tree.add(Text(f"seen by {topics.name_of(event.source)}{_journey(root.told)}"))
    _grow(tree, root)
    return tree


def _grow(tree: Tree, chapter: TraceNode) -> None:
    """A branch for each handler: its attempts, and under them what it said."""
    for name in dict.fromkeys((*chapter.attempts, *chapter.followed)):
        attempts = chapter.attempts.get(name, [])
        lines = list(_attempts(attempts))
        branch = tree.add(_line(name, attempts[-1] if attempts else None, many=len(lines) > 1))
        for line in lines if len(lines) > 1 else ():
            branch.add(line)
        for further in chapter.followed.get(name, ()):
            words = f"{further.kind}, its own timer"
            if further.told:
                at = f"{further.told.event.time.astimezone():%H:%M:%S}"
                words = f"{further.kind} said at {at}{_journey(further.told)}"
            _grow(branch.add(Text(words)), further)


def _attempts(outcomes: Iterable[Event]) -> Iterator[Text]:
    """A line for each attempt. One that left no outcome is one that its process did not survive."""
    reached = 0
    for outcome in outcomes:
        number = outcome.data.get("attempt")
        number = number if isinstance(number, int) else reached + 1
        for lost in range(reached + 1, number):
            yield Text(
                f"✗ attempt {lost}  no outcome: its process died over it (killed, crashed, or no power)",
                "red",
            )
        yield _line(
            f"attempt {number}" + (", told so" if outcome.data.get("redelivered") else ""), outcome
        )
        reached = max(reached, number)


def _line(name: str, outcome: Event | None, *, many: bool = False) -> Text:
    if outcome is None:
        return Text(name)
    sign, style = SIGNS[outcome.type]
    data = outcome.data
    if many:
        return Text(f"{sign} {name}", style)
    times = [
        f"{word}{milliseconds(data[key])}"
        for word, key in (
            ("received +", "received_after_ms"),
            ("started +", "started_after_ms"),
            ("took ", "took_ms"),
        )
        if key in data
    ]
    said = str(data.get("note") or data.get("reason") or "")
    again = f"; again in {data['again_in_s']} s" if "again_in_s" in data else ""
    return Text.assemble(
        (f"{sign} {name}  ", style), " · ".join(times), (f"  {said}{again}", "dim")
    )


def _journey(told: JournaledEvent) -> str:
    steps = (("journaled", told.journaled_s), ("acknowledged by the broker", told.acknowledged_s))
    return "".join(f" · {word} +{milliseconds(s * 1000)}" for word, s in steps if s is not None)


def milliseconds(value: Any) -> str:
    """For people: `12.3 ms`, `4.5 s`, `3 h 12 min`."""
    if not isinstance(value, int | float):
        return "?"
    seconds = value / 1000
    if seconds < 1:
        return f"{value:.1f} ms"
    if seconds < 600:  # noqa: PLR2004 - ten minutes
        return f"{seconds:.1f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 / 60:.0f} min"
