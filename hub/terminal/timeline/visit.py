"""One visit on the terminal: a headline for the press, and under it a row for each reaction."""

from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table

from hub.plugin.house.answer_links import LABELS
from hub.terminal.output import Text
from hub.terminal.timeline.outcome_signs import BY_TYPE, RETRIED, WAITING
from hub.terminal.words import milliseconds
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.trace_context import trace_id

MOST_LINES = 10
RINGS = {
    topics.PRESSED: "ding dong",
    topics.DOUBLE_PRESSED: "ding dong, ding dong",
    topics.DRILLED: "drill",
}


@dataclass
class Visit:
    """One press and the reactions to it.

    Attributes:
        event: The press.
        waiting: The handlers that have not reacted yet.
        outcomes: The latest outcome by handler and event type.
        lines: What the processes printed meanwhile.
        finished: The handlers that are through with an event, by its id.
    """

    event: Event
    waiting: set[str]
    outcomes: dict[tuple[str, str], Event] = field(default_factory=dict)
    lines: list[Text] = field(default_factory=list)
    finished: set[tuple[str, str | None]] = field(default_factory=set)

    @property
    def trace(self) -> str:
        """The id of its trace."""
        return trace_id(self.event.traceparent)

    @property
    def has_room(self) -> bool:
        """Whether one more line fits below it; what is higher than a terminal cannot be redrawn."""
        return len(self.lines) < MOST_LINES

    def is_repetition(self, outcome: Event) -> bool:
        """Whether the handler was through with this event before: it is replayed to it."""
        return (_handler_of(outcome), outcome.cause) in self.finished

    def add(self, outcome: Event) -> None:
        """Take one more outcome; a handler's latest one for an event type counts."""
        handler = _handler_of(outcome)
        kind = str(outcome.data.get("type", ""))
        if BY_TYPE[outcome.type] is not RETRIED:
            self.finished.add((handler, outcome.cause))
        self.outcomes[handler, kind] = outcome
        if kind == self.event.type:
            self.waiting.discard(handler)

    def render(self) -> RenderableType:
        """A small table under a headline."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)  # the sign
        table.add_column(no_wrap=True)  # the handler
        table.add_column(no_wrap=True, justify="right")  # when it started
        table.add_column(no_wrap=True, justify="right")  # how long it took
        table.add_column(overflow="fold")  # the note: a name must be whole to be copied
        for (handler, kind), outcome in self.outcomes.items():
            further = "" if kind == self.event.type else kind
            table.add_row(*row(handler, further, outcome))
        for handler in sorted(self.waiting):
            table.add_row(Text(WAITING, "dim"), Text(handler, "dim"), "", "", "")
        return Group(Text(headline(self.event), "bold"), table, *self.lines)


def _handler_of(outcome: Event) -> str:
    return str(outcome.data.get("handler", topics.name_of(outcome.source)))


def headline(press: Event) -> str:
    """`14:02:07  ding dong  Front door`."""
    name = press.data.get("name", press.subject)
    return f"{press.time.astimezone():%H:%M:%S}  {RINGS[press.type]}  {name}"


def answer_line(answer: Event) -> str:
    """`14:02:09  answered  Front door  Coming (Anna)`."""
    data = answer.data
    name = data.get("name", answer.subject)
    words = str(data.get("answer", ""))
    by = f" ({data['by']})" if data.get("by") else ""
    return f"{answer.time.astimezone():%H:%M:%S}  answered  {name}  {LABELS.get(words, words)}{by}"


def row(handler: str, kind: str, outcome: Event) -> list[Text]:
    """The cells of a reaction: sign, handler, when it began, how long it took, what it says.

    Args:
        handler: Its name.
        kind: The type of the event that it reacted to; empty when that is clear.
        outcome: What became of it.
    """
    sign, style = BY_TYPE[outcome.type]
    name = f"{handler} · {kind}" if kind else handler
    return [
        Text(sign, style),
        Text(name, style),
        Text(_time("after", outcome.data.get("started_after_ms"))),
        Text(_time("took", outcome.data.get("took_ms"))),
        Text(_note(outcome), style if style == "red" else "dim"),
    ]


def _note(outcome: Event) -> str:
    data = outcome.data
    note = str(data.get("note") or data.get("reason") or "")
    if "again_in_s" not in data:
        return note
    wait_s = data["again_in_s"]
    wait = f"{wait_s:.1f} s" if isinstance(wait_s, int | float) else "a while"
    return f"{note} (attempt {data.get('attempt')}, again in {wait})"


def _time(word: str, value: object) -> str:
    if not isinstance(value, int | float):
        return ""
    return f"{word} {milliseconds(value)}"
