"""The terminal's view of the house: each press, who reacted, how long after it and how long it took."""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hub.mqtt.bus import Bus, Message
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode
from hub.wire.trace_context import trace_id

SIGNS = {
    "handler.done": ("✓", "green"),
    "handler.retried": ("↻", "yellow"),
    "handler.skipped": ("·", "dim"),
    "handler.dead": ("✗", "red"),
}
NUMBER_COLUMNS = (2, 3)
NOTE_COLUMN = 4
RINGS = {
    topics.PRESSED: "ding dong",
    topics.DOUBLE_PRESSED: "ding dong, ding dong",
    topics.DRILLED: "drill",
}
BROKER_PATIENCE_S = 3.0
SETTLED_S = 2.0  # when nothing has come of a visit for so long, what is said next stands below it
SEEN = 500  # ids that are remembered: a broker that delivers twice does so soon
STATE_STYLES = {"ready": "green", "failed": "red"}


@dataclass
class Press:
    """One press and the outcomes that followed from it, by handler and event type."""

    event: Event
    waiting: set[str]
    outcomes: dict[tuple[str, str], Event] = field(default_factory=dict)

    def add(self, outcome: Event) -> None:
        """One more outcome; the latest of a handler for an event type counts."""
        handler = str(outcome.data.get("handler", topics.name_of(outcome.source)))
        kind = str(outcome.data.get("type", ""))
        self.outcomes[handler, kind] = outcome
        if kind == self.event.type:
            self.waiting.discard(handler)

    def render(self) -> RenderableType:
        """As a small table under a headline."""
        table = Table.grid(padding=(0, 2))
        for number in range(5):
            table.add_column(
                justify="right" if number in NUMBER_COLUMNS else "left",
                no_wrap=number < NOTE_COLUMN,
            )
        for (handler, kind), outcome in self.outcomes.items():
            table.add_row(*_row(handler, "" if kind == self.event.type else kind, outcome))
        for handler in sorted(self.waiting):
            table.add_row(Text("…", "dim"), Text(handler, "dim"), "", "", "")
        return Group(Text(_headline(self.event), "bold"), table)


class Timeline:
    """Listens to everything and shows it; live on a terminal, a line each elsewhere."""

    def __init__(self, bus: Bus, console: Console) -> None:
        self._bus, self._console = bus, console
        self._told_of_broker = False
        self._alone_since = time.monotonic()
        self._lock = threading.RLock()
        self._changed_at = 0.0
        self._former: Press | None = (
            None  # shown for good; what still comes of it is a line of its own
        )
        self._ready: set[str] = set()
        self._press: Press | None = None
        self._seen: deque[str] = deque(maxlen=SEEN)
        self._live = (
            Live(Text(""), console=console, refresh_per_second=8) if console.is_terminal else None
        )
        bus.subscribe(topics.every_event(), self._event)
        bus.subscribe(topics.status("doorbell/handler/+"), self._status, qos=0)

    def start(self) -> None:
        """Begin to show."""
        if self._live:
            self._live.start()

    def stop(self) -> None:
        """Leave what is shown, and end."""
        if self._live:
            self._live.stop()

    def say(self, text: str, style: str = "") -> None:
        """Print a line; above a visit that is still going on, below one that is settled."""
        with self._lock:
            if self._live and self._press and time.monotonic() - self._changed_at > SETTLED_S:
                self._conclude()
                self._live.update(Text(""))
            self._console.print(Text(text, style), soft_wrap=True)

    def watch_broker(self) -> None:
        """Say when the broker cannot be reached, and when it is back; called now and then."""
        if self._bus.connected.is_set():
            if self._told_of_broker:
                self.say("the broker answers", "green")
            self._told_of_broker, self._alone_since = False, time.monotonic()
        elif not self._told_of_broker and time.monotonic() - self._alone_since > BROKER_PATIENCE_S:
            why = f"no broker answers at {self._bus.address}: trying on. Does it run there?"
            self.say(self._bus.absence if self._bus.is_refused else why, "red")
            self._told_of_broker = True

    def _event(self, message: Message) -> None:
        message.ack()
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        with self._lock:
            if event.id in self._seen or message.retained:
                return
            self._seen.append(event.id)
            if event.type in RINGS:
                self._begin(event)
            elif event.type in SIGNS and self._press and _same_trace(event, self._press.event):
                self._press.add(event)
                self._changed_at = time.monotonic()
            elif (
                event.type in SIGNS
                and self._live
                and self._former
                and _same_trace(event, self._former.event)
            ):
                self._print_line(event)
            elif event.type == topics.DRILL_FAILED:
                self._warn(event)
            self._show(event)

    def _warn(self, event: Event) -> None:
        """A nightly drill found something; whoever sits here may be the only one to be told."""
        failed = event.data.get("failed")
        for one in failed if isinstance(failed, list) else ():
            if isinstance(one, dict):
                self.say(f"drill: {one.get('handler')} does not work: {one.get('reason')}", "red")

    def _begin(self, event: Event) -> None:
        self._conclude()
        self._former = None  # from here on this visit is what there is to see
        self._press = Press(event, set(self._ready))
        self._changed_at = time.monotonic()

    def _conclude(self) -> None:
        """The visit is shown for good."""
        if self._press and self._live:
            self._console.print(self._press.render())
        self._former, self._press = self._press, None

    def _show(self, event: Event) -> None:
        if self._live:
            if self._press:
                self._live.update(self._press.render())
        elif event.type in RINGS:
            self._console.print(_headline(event), soft_wrap=True)
        elif event.type in SIGNS:
            self._print_line(event)

    def _print_line(self, event: Event) -> None:
        cells = _row(topics.name_of(event.source), str(event.data.get("type", "")), event)
        self._console.print(Text("  ").join(cells), soft_wrap=True)

    def _status(self, message: Message) -> None:
        message.ack()
        name = message.topic.split("/")[2]
        try:
            status = json.loads(message.payload)
            state, reason = str(status["state"]), str(status.get("reason", ""))
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        with self._lock:
            changed = (state == "ready") != (name in self._ready)
            (self._ready.add if state == "ready" else self._ready.discard)(name)
        if changed or state == "failed":
            words = "has failed" if state == "failed" else f"is {state}"
            why = (
                f": {reason}" if reason and state != "failed" else ""
            )  # why it failed, its own log has said
            self.say(f"{name} {words}{why}", STATE_STYLES.get(state, "dim"))


def _row(handler: str, kind: str, outcome: Event) -> list[Text]:
    sign, style = SIGNS[outcome.type]
    data = outcome.data
    said = str(data.get("note") or data.get("reason") or "")
    if "again_in_s" in data:
        said += f" (attempt {data.get('attempt')}, again in {_seconds(data['again_in_s'])})"
    return [
        Text(sign, style),
        Text(handler + (f" · {kind}" if kind else ""), style),
        Text(_milliseconds(data.get("started_after_ms"), "after ")),
        Text(_milliseconds(data.get("took_ms"), "took ")),
        Text(said, "dim" if style != "red" else style),
    ]


def _headline(press: Event) -> str:
    return f"{press.time.astimezone():%H:%M:%S}  {RINGS[press.type]}  {press.data.get('name', press.subject)}"


def _seconds(value: Any) -> str:
    return f"{value:.1f} s" if isinstance(value, int | float) else "a while"


def _milliseconds(value: Any, word: str) -> str:
    if not isinstance(value, int | float):
        return ""
    return f"{word}{value / 1000:.1f} s" if value >= 1000 else f"{word}{value:.1f} ms"  # noqa: PLR2004


def _same_trace(one: Event, other: Event) -> bool:
    return trace_id(one.traceparent) == trace_id(other.traceparent)
