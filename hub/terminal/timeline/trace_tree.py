"""One press as a tree: when each handler received it, what it did, and what followed from that."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.tree import Tree

from hub.store.history import JournaledEvent
from hub.terminal.output import Text
from hub.terminal.timeline.outcome_signs import BY_TYPE, FAILED
from hub.terminal.words import milliseconds
from hub.wire import topics
from hub.wire.event import Event

TIMES = (
    ("received +", "received_after_ms"),
    ("started +", "started_after_ms"),
    ("took ", "took_ms"),
)


@dataclass
class TraceNode:
    """One event and the reactions to it.

    Attributes:
        kind: The event's type.
        journaled: The event; None for a handler's own timer (`later`), which no journal holds.
        attempts: By handler, its outcomes in order.
        followed: By handler, the events that it emitted because of this one.
    """

    kind: str
    journaled: JournaledEvent | None = None
    attempts: dict[str, list[Event]] = field(default_factory=dict)
    followed: dict[str, list["TraceNode"]] = field(default_factory=dict)


def trees_of(entries: Iterable[JournaledEvent]) -> list[TraceNode]:
    """Sort the events of one trace into trees: mostly one, whose root is the press.

    Whatever follows from a timer stands below the handler that set the timer.
    """
    entries = list(entries)
    nodes: dict[str, TraceNode] = {}
    for entry in entries:
        if entry.event.type not in BY_TYPE:
            nodes[entry.event.id] = TraceNode(entry.event.type, entry)
    roots: list[TraceNode] = []
    for entry in entries:
        event = entry.event
        is_outcome = event.type in BY_TYPE
        is_cause_unknown = event.cause not in nodes and not roots and not is_outcome
        if event.cause is None or is_cause_unknown:
            if not is_outcome:
                roots.append(nodes[event.id])
            continue
        parent = nodes.get(event.cause) or _add_timer(event, nodes, roots)
        handler = topics.name_of(event.source)
        if not is_outcome:
            parent.followed.setdefault(handler, []).append(nodes[event.id])
            continue
        parent.attempts.setdefault(handler, []).append(event)
        if parent.journaled is None:
            parent.kind = str(event.data.get("type"))
    return roots


def _add_timer(event: Event, nodes: dict[str, TraceNode], roots: list[TraceNode]) -> TraceNode:
    """A node for a cause that no journal holds: a timer of the handler that the event is from."""
    timer = TraceNode("later")
    nodes[str(event.cause)] = timer
    if roots:
        roots[0].followed.setdefault(topics.name_of(event.source), []).append(timer)
    else:
        roots.append(timer)
    return timer


def render(root: TraceNode, door: str) -> RenderableType:
    """The tree for the terminal."""
    if root.journaled is None:
        headline = f"{root.kind}: the event that it follows from is no longer kept"
        tree = Tree(Text(headline, "bold"), guide_style="dim")
        _grow(tree, root)
        return tree
    event = root.journaled.event
    when = f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}.{event.time.microsecond // 1000:03}"
    doubt = "" if event.synchronised else " (no time server had set the clock)"
    tree = Tree(Text(f"{when}  {door}  {event.type}{doubt}", "bold"), guide_style="dim")
    tree.add(Text(f"id {event.id} · trace {event.traceparent.split('-')[1]}", "dim"))
    tree.add(Text(f"seen by {topics.name_of(event.source)}{_journey(root.journaled)}"))
    _grow(tree, root)
    return tree


def _grow(tree: Tree, node: TraceNode) -> None:
    """Add a branch for each handler: its attempts, and below them the events that it emitted."""
    for handler in dict.fromkeys((*node.attempts, *node.followed)):
        attempts = node.attempts.get(handler, [])
        lines = list(_attempts(attempts))
        if not attempts:
            branch = tree.add(Text(handler))
        elif len(lines) == 1:
            branch = tree.add(_line(handler, attempts[-1]))
        else:
            sign, style = BY_TYPE[attempts[-1].type]
            branch = tree.add(Text(f"{sign} {handler}", style))
            for line in lines:
                branch.add(line)
        for further in node.followed.get(handler, ()):
            _grow(branch.add(Text(_title(further))), further)


def _title(node: TraceNode) -> str:
    if node.journaled is None:
        return f"{node.kind}, its own timer"
    at = f"{node.journaled.event.time.astimezone():%H:%M:%S}"
    return f"{node.kind} published at {at}{_journey(node.journaled)}"


def _attempts(outcomes: Iterable[Event]) -> Iterator[Text]:
    """A line for each attempt. One without an outcome is one that its process did not survive."""
    reached = 0
    for outcome in outcomes:
        number = outcome.data.get("attempt")
        if not isinstance(number, int):
            number = reached + 1
        for lost in range(reached + 1, number):
            death = "its process died (killed, crashed, or no power)"
            yield Text(f"{FAILED.sign} attempt {lost}  no outcome: {death}", FAILED.style)
        redelivered = ", redelivered" if outcome.data.get("redelivered") else ""
        yield _line(f"attempt {number}{redelivered}", outcome)
        reached = max(reached, number)


def _line(name: str, outcome: Event) -> Text:
    sign, style = BY_TYPE[outcome.type]
    data = outcome.data
    times = [f"{word}{milliseconds(data[key])}" for word, key in TIMES if key in data]
    note = str(data.get("note") or data.get("reason") or "")
    again = f"; again in {data['again_in_s']} s" if "again_in_s" in data else ""
    line = Text().append(f"{sign} {name}  ", style).append(" · ".join(times))
    return line.append(f"  {note}{again}", "dim")


def _journey(entry: JournaledEvent) -> str:
    """How long after the event it was journaled, and acknowledged, as far as that is known."""
    steps = (("journaled", entry.journaled_s), ("acknowledged by the broker", entry.acknowledged_s))
    return "".join(f" · {word} +{milliseconds(s * 1000)}" for word, s in steps if s is not None)
