"""A program of a person's own on the bus: its settings, its connection, its status, its file."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from config import Settings, SettingsError
from config.reading.sources import find, load
from hub.mqtt.bus import Bus
from hub.mqtt.connection import client_ids, credentials
from hub.mqtt.status import StatusPublisher, will
from hub.plugin.files import handler_name
from hub.process import restore_guard, state_place
from hub.store.state import State
from hub.wire import topics

log = logging.getLogger(__name__)
LAST_STATUS_S = 2.0


class Program:
    """What a producer and a follower have in common.

    Attributes:
        source: Whose events and queries these are.
        settings: Of the house.
        bus: The connection; it is made by `start`.
        status: What others know of it.
        state: Its file.
        rival: Why this program may publish no more: another process has its name. Empty: it may.
        on_rival: Called when there is a rival.
    """

    def __init__(self, source: str, settings: Settings, state: State) -> None:
        root = settings.broker.root
        user = credentials.user(topics.role_of(source), topics.name_of(source))
        client_id = client_ids.own(settings.state_dir, source, root)
        self.source = source
        self.settings = settings
        self.state = state
        self.bus = Bus(settings.broker, client_id, will(source, root), user)
        self.status = StatusPublisher(self.bus, source, self._yield)
        self.rival = ""
        self.on_rival: list[Callable[[], None]] = []
        state.fallback.on_change = partial(self.status.note, "disk")

    def start(self) -> None:
        """Connect, and keep at it. It does not wait."""
        self.bus.start()
        self.status.set("ready")

    def close(self) -> None:
        """Say good-bye."""
        if self.bus.connected.wait(0 if self.rival else LAST_STATUS_S) and not self.rival:
            self.status.set("offline", "stopped")
        self.bus.stop()

    def _yield(self, reason: str) -> None:
        log.error("%s", reason)
        self.rival = reason
        for call in self.on_rival:
            call()


@contextmanager
def opened(role: str, name: str, config: Path | str | None) -> Iterator[Program]:
    """Read the settings, and open the state file; the connection is not made yet.

    Raises:
        SettingsError: the settings have faults, or the name is invalid.
        StateError: another process has this name, or the file cannot be used or lies elsewhere.
    """
    if rule := _broken_rule(role, name):
        raise SettingsError([f"{name!r} is not the name of a {role}. {rule}"])
    path = find(Path(config) if config else None)
    settings = load(path)
    restore_guard.refuse(path, settings)
    state_place.refuse(settings)
    if role == "handler":
        _refuse_handler(name, settings)
    file = name if role == "handler" else credentials.user(role, name)
    with closing(State(settings.state_dir / f"{file}.db")) as state:
        program = Program(topics.source(role, name), settings, state)
        try:
            yield program
        finally:
            program.close()


def _broken_rule(role: str, name: str) -> str:
    """The rule that a name breaks; a follower's file lies beside those of the handlers."""
    if role == "handler":
        return handler_name.broken_rule(name)
    if topics.is_name(name):
        return ""
    return "Use a-z, 0-9, - and _, beginning with a letter or digit"


def _refuse_handler(name: str, settings: Settings) -> None:
    """A follower in a handler's file would move its cursors, and the handler miss those events.

    Raises:
        SettingsError: a handler of this house has the name.
    """
    from hub.plugin.loader import find as handler_files  # noqa: PLC0415 - no producer pays for it

    if name in handler_files(settings):
        what = f"{name} is a handler of this house, and would miss what this program follows"
        raise SettingsError([f"{what}. Choose another name"])
