"""The live view of a house in the terminal: each press, each reaction, and how long it took."""

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.live import Live

from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedStatus
from hub.terminal.output import Console, Text
from hub.terminal.timeline.outcome_signs import BY_TYPE
from hub.terminal.timeline.visit import RINGS, Visit, answer_line, headline, row
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.retained.quiet import QuietState
from hub.wire.trace_context import trace_id

if TYPE_CHECKING:
    from hub.wire.retained.status import Status

BROKER_PATIENCE_S = 3.0
OWN_BROKER_PATIENCE_S = 30.0  # it starts with this process, and takes its time on a slow machine
SETTLED_S = 2.0  # a visit without news for so long is printed for good
FORMER = 20  # visits; what follows later from one of them gets a line of its own
MOST_READY = 100  # handlers: without an access control list anybody may invent some
SEEN = 500  # event ids to remember: a broker that delivers twice does so soon
STATE_STYLES = {"ready": "green", "failed": "red"}


class Timeline:
    """Listens to all events and shows them: live on a terminal, elsewhere a line for each event."""

    def __init__(self, bus: Bus, console: Console, patience_s: float = BROKER_PATIENCE_S) -> None:
        """Prepare.

        Args:
            bus: The connection.
            console: Where to show them.
            patience_s: After how many seconds without a broker to say so.
        """
        self._bus = bus
        self._patience_s = patience_s
        self._console = console
        self._lock = threading.RLock()
        self._ready: dict[str, Status] = {}
        self._begun: set[str] = set()
        self._visit: Visit | None = None
        self._changed_at = 0.0
        self._former: deque[str] = deque(maxlen=FORMER)  # traces printed for good
        self._answers: deque[str] = deque(maxlen=FORMER)  # traces of answers
        self._quiet = ""
        self._seen: deque[str] = deque(maxlen=SEEN)
        self._is_absence_shown = False
        self._without_broker_since = time.monotonic()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(Text(""), console=console, refresh_per_second=8)
        bus.on_event(topics.EVERY, self._event)
        bus.on_status(topics.source("handler", "+"), self._status)
        bus.on_quiet(topics.source("hub", "+"), self._hear_quiet)

    def start(self) -> None:
        """Begin to show."""
        if self._live:
            self._live.start()

    def stop(self) -> None:
        """Stop, and leave on the screen what it shows."""
        if self._live:
            self._live.stop()

    def print(self, text: str, style: str = "") -> None:
        """Print a line below the visit: what a handler says of a press does not stand above it."""
        self._print_below(Text(text, style))

    def _print_below(self, line: Text) -> None:
        with self._lock:
            if self._live and self._visit:
                is_settled = time.monotonic() - self._changed_at > SETTLED_S
                if not is_settled and self._visit.has_room:
                    self._visit.lines.append(line)
                    self._live.update(self._visit.render())
                    return
                self._conclude()
                self._live.update(Text(""))
            self._console.print(line, soft_wrap=not self._live)

    def watch_broker(self) -> None:
        """Print when the broker cannot be reached, and when it is back; called now and then."""
        if self._bus.connected.is_set():
            if self._is_absence_shown:
                self.print("the broker answers", "green")
            self._is_absence_shown = False
            self._without_broker_since = time.monotonic()
            return
        absent_s = time.monotonic() - self._without_broker_since
        if absent_s <= self._patience_s or self._is_absence_shown:
            return
        self._is_absence_shown = True
        reason = self._bus.absence
        if not self._bus.has_reason:
            reason = f"no broker answers at {self._bus.address}: still trying. Is it running there?"
        self.print(reason, "red")

    def has_heard(self, handlers: Iterable[str]) -> bool:
        """Whether each of these handlers has begun: it is ready, switched off or has failed."""
        return self._begun.issuperset(handlers)

    def tells(self, line: str) -> bool:
        """Whether a process's line is the reason that `watch_broker` prints, which is enough."""
        return self._bus.has_reason and line.endswith(self._bus.absence)

    def _event(self, event: Event) -> None:
        with self._lock:
            if event.id in self._seen:
                return
            self._seen.append(event.id)
            self._take(event)
            self._show(event)

    def _take(self, event: Event) -> None:
        if event.type in RINGS:
            self._begin(event)
        elif event.type == topics.DRILL_FAILED:
            self._warn(event)
        elif event.type == topics.ANSWERED:
            self._answers.append(trace_id(event.traceparent))
            self.print(answer_line(event), "bold")
        elif event.type not in BY_TYPE:
            return
        elif self._visit and trace_id(event.traceparent) == self._visit.trace:
            self._add(self._visit, event)
        elif self._live and trace_id(event.traceparent) in self._answers:
            self._print_below(self._row(event))
        elif self._live and trace_id(event.traceparent) in self._former:
            self._print_row(event)

    def _add(self, visit: Visit, outcome: Event) -> None:
        """Show it in the visit; of a replay it is a line below, because the visit is as it was."""
        if not visit.is_repetition(outcome):
            visit.add(outcome)
            self._changed_at = time.monotonic()
        elif self._live:
            self._print_row(outcome)

    def _warn(self, event: Event) -> None:
        """A nightly drill found faults; perhaps nobody else is notified of them."""
        failed = event.data.get("failed")
        for one in failed if isinstance(failed, list) else ():
            if isinstance(one, dict):
                self.print(f"drill: {one.get('handler')} does not work: {one.get('reason')}", "red")

    def _begin(self, press: Event) -> None:
        self._conclude()
        ready = self._ready.items()
        self._visit = Visit(press, {name for name, status in ready if _may_react(status, press)})
        self._changed_at = time.monotonic()

    def _conclude(self) -> None:
        """Print the visit for good."""
        if self._visit is None:
            return
        if self._live:
            self._console.print(self._visit.render())
        self._former.append(self._visit.trace)
        self._visit = None

    def _show(self, event: Event) -> None:
        if self._live:
            if self._visit:
                self._live.update(self._visit.render())
        elif event.type in RINGS:
            self._console.print(headline(event), soft_wrap=True)
        elif event.type in BY_TYPE:
            self._print_row(event)

    def _print_row(self, event: Event) -> None:
        self._console.print(self._row(event), soft_wrap=not self._live)

    @staticmethod
    def _row(event: Event) -> Text:
        cells = row(topics.name_of(event.source), str(event.data.get("type", "")), event)
        line = Text()
        for cell in cells:
            line.append("  " if line else "").append(cell)
        return line

    def _status(self, received: ReceivedStatus) -> None:
        status = received.status
        if status is None:
            return
        name = topics.name_of(received.source)
        state = status.state
        if state != "starting":
            self._begun.add(name)
        with self._lock:
            changed = (state == "ready") != (name in self._ready)
            self._ready.pop(name, None)
            if state == "ready" and len(self._ready) < MOST_READY:
                self._ready[name] = status
        if state == "failed" and received.retained:
            return  # of the last life, or its log has been printed
        if state == "failed":
            self.print(f"{name} has failed", STATE_STYLES[state])  # its own log has the reason
        elif changed:
            why = f": {status.words}" if status.words else ""
            self.print(f"{name} is {state}{why}", STATE_STYLES.get(state, "dim"))

    def _hear_quiet(self, state: QuietState) -> None:
        """Print whether the house is quiet when that changes; at the start only if it is."""
        with self._lock:
            is_news = state.words != self._quiet and (bool(self._quiet) or state.quiet)
            self._quiet = state.words
        if is_news:
            self.print(state.words)


def _may_react(status: "Status", press: Event) -> bool:
    if press.type == topics.DRILLED:
        return True  # each handler answers it, whichever the door
    return status.may_react_to(press.type) and status.may_serve(press.subject)
