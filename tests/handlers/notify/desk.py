"""`notify` as one process has it: one dispatcher and one memory over many events."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from devices.phone.delivery.dispatcher import Patience
from hub.plugin.loader import HandlerFile
from hub.testing import Run, event, run
from hub.wire.event import Event

JPEG = b"\xff\xd8\xff picture of "


class Desk:
    """What is told, event after event.

    Attributes:
        timers: What the last event asked for later, by type: when, and with what.
        emitted: What it said.
    """

    def __init__(
        self, file: HandlerFile, web: str | None = None, memory: dict[str, Any] | None = None
    ) -> None:
        self.file, self._web = file, web
        self.memory: dict[str, Any] = {} if memory is None else memory
        with run(memory=self.memory):  # a process reads what it remembers when it opens
            opened = file.reactions["doorbell.pressed"].uses(file.config)  # type: ignore[misc]
        self._opened = opened
        self.board: Any = self._opened.__enter__()
        self.board.patience = Patience(30.0, 30.0, 30.0)  # a busy machine's services are slow
        self.timers: dict[str, float] = {}
        self.later: list[Event] = []
        self.emitted: list[Any] = []

    def hears(self, what: Event) -> str:
        """Give it an event; what comes back is what it says."""
        doing: Run
        with run(what, web=self._web, memory=self.memory) as doing:
            asked: list[Event] = []

            def remember(kind: str, subject: str, data: Any, after_s: float) -> None:
                doing.timers[kind] = after_s
                asked.append(replace(event(kind), subject=subject, data=data, cause=what.id))

            doing.later = remember  # type: ignore[method-assign]
            try:
                return str(
                    self.file.reactions[what.type].function(what, self.file.config, self.board)
                )
            finally:
                self.timers, self.later, self.emitted = doing.timers, asked, doing.emitted

    def sees(self, press: Event, path: Any) -> str:
        """The picture of a press has been taken."""
        path.write_bytes(JPEG + press.id.encode())
        return self.hears(
            replace(event("snapshot.taken", press.door, path=str(path)), cause=press.id)
        )


Open = Callable[..., Desk]
