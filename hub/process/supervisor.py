"""The supervisor of `doorbell run`: its processes are hub, handlers, web page and broker."""

import fcntl
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from config import Settings, SettingsError
from config.reading import sources
from devices.machine import fault_in_state_folder
from hub.mqtt.own_broker.address import with_running_broker
from hub.plugin import loader
from hub.process import state_place
from hub.process.child import STOP_S, Child, Echo
from hub.process.file_watch import FileWatch
from hub.process.forking.fork_server import ForkServer
from hub.process.own_broker import BROKER, OwnBroker
from hub.process.page_address import port_file

TICK_S = 0.2
IMPORTED = ("hub.daemon", "hub.worker", "pydantic_settings", "encodings.idna")  # by each process
BROKER_COUNTS = "that counts when you start `doorbell run` again"
HEAD_START_S = 0.5  # of what a visitor waits for, so that those handlers subscribe first


class Supervisor:
    """Starts processes and restarts them, as systemd does on a Pi.

    It also restarts a handler whose file has changed, and all after a change of the settings.

    Attributes:
        notices: What a person should know about the broker, line by line.
    """

    def __init__(
        self,
        settings: Settings,
        config: Path,
        echo: Echo,
        ask: Callable[[str], bool] | None = None,
    ) -> None:
        """Prepare.

        Args:
            settings: In force.
            config: Their file, for the children.
            echo: Called with a process's name and each line that it prints.
            ask: Asks the person, and returns whether the answer was yes; None: there is no person.
        """
        self._settings = settings
        self._broker = settings.broker
        self._ask = ask
        self.notices: list[str] = []
        self._config = config
        self._echo = echo
        self._environment = {"DOORBELL_CONFIG": str(config)}
        self._processes: dict[str, Child] = {}
        self._handlers: dict[str, Child] = {}
        self._files = FileWatch()
        self._files.note_read(config)
        self._held = ExitStack()
        self._forks = ForkServer(*IMPORTED)

    def start(self) -> Settings:
        """Start everything; returns the settings with the broker that is in use.

        Raises:
            SettingsError: another `doorbell run` uses the same state folder.
        """
        folder = self._settings.state_dir
        fault = fault_in_state_folder(folder) or state_place.fault(self._settings)
        if fault:
            raise SettingsError([f"{self._config.name}: state_dir: {fault}"])
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_state_dir()
        self._held.callback(self._forks.stop)
        with suppress(OSError):  # no memory: each launch tries again, and tells it
            self._forks.start()  # it gets ready while the broker starts
        settings = self._settings
        if settings.broker.host is None:
            settings = self._add_broker()
        self._add("hub", ["-m", "hub.daemon", "--stdin"], reads_lines=True)
        self._tick_children()  # the hub first, and the head start of the others begins after it
        self._held.callback(port_file(settings).unlink, missing_ok=True)
        if _has_page(settings):
            self._add("web", ["-m", "hub.web.server"])
            self._processes["web"].delay(HEAD_START_S)
        for name, path in loader.find(self._settings).items():
            self._add_handler(name, path)
            if name not in loader.FIRST:
                self._handlers[name].delay(HEAD_START_S)
        self._tick_children()
        return settings

    def ring(self, door: str) -> bool:
        """Press a button by hand, without a broker; False when the hub is not running."""
        return self._processes["hub"].send_line(door)

    def tick(self) -> None:
        """Restart what has died, and look at the settings and the handlers folder."""
        self._follow_settings()
        self._follow_handler_files()
        self._tick_children()

    def stop(self) -> None:
        """End everything: the handlers first, the broker last."""
        broker = [child for name, child in self._processes.items() if name == BROKER]
        others = [child for name, child in self._processes.items() if name != BROKER]
        for children in (list(self._handlers.values()), others, broker):
            for child in reversed(children):
                child.end()
            deadline = time.monotonic() + STOP_S
            for child in children:
                child.wait_ended(deadline)
        self._held.close()

    @property
    def handlers(self) -> frozenset[str]:
        """The names of all handlers that have a file."""
        return frozenset(self._handlers)

    def pids(self) -> dict[str, int]:
        """The process IDs of all running processes, by name."""
        children = self._processes | self._handlers
        return {name: child.process.pid for name, child in children.items() if child.process}

    def _lock_state_dir(self) -> None:
        folder = self._settings.state_dir
        lock = self._held.enter_context((folder / ".run.lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            fault = f"another `doorbell run` uses {folder}. Stop it, or set another state_dir"
            raise SettingsError([fault]) from None

    def _add_broker(self) -> Settings:
        """Find or start a broker; returns the settings with its address."""
        own = OwnBroker(self._settings, self._echo, self._ask)
        port = own.open(self._held)
        self.notices = own.notices
        if own.child:
            self._processes[BROKER] = own.child
        self._environment["DOORBELL_BROKER__HOST"] = "127.0.0.1"
        self._environment["DOORBELL_BROKER__PORT"] = str(port)
        return with_running_broker(self._settings)

    def _add(self, name: str, command: list[str], *, reads_lines: bool = False) -> None:
        child = Child(name, command, self._environment, self._echo, reads_lines, self._forks)
        self._processes[name] = child

    def _add_handler(self, name: str, path: Path) -> None:
        command = ["-m", "hub.worker", str(path)]
        self._files.note_read(path)
        self._handlers[name] = Child(
            name,
            command,
            self._environment,
            self._echo,
            launcher=self._forks,
            advice="`doorbell check` may say why",
        )

    def _tick_children(self) -> None:
        for child in (*self._processes.values(), *self._handlers.values()):
            child.tick()

    def _follow_handler_files(self) -> None:
        """Start handlers whose files are new, restart changed ones, stop those that are gone."""
        found = loader.find(self._settings)
        for name in self._handlers.keys() - found.keys():
            self._echo(name, "its file is gone: stopping")
            child = self._handlers.pop(name)
            self._files.forget(_file_of(child))
            self._end(child)
        for name, path in found.items():
            old = self._handlers.get(name)
            if old and _file_of(old) != path:
                self._files.forget(path)  # another file of the same name takes its place
            if not self._files.has_changed(path):
                continue
            if old:
                self._echo(name, "its file changed: starting it again")
                self._end(old)
            self._add_handler(name, path)

    def _follow_settings(self) -> None:
        """Start everything anew when the settings have changed; each process reads them itself.

        Settings with faults change nothing: nobody could start with them.
        """
        if not self._files.has_changed(self._config):
            return
        self._files.note_read(self._config)
        try:
            settings = sources.load(self._config)
        except SettingsError as error:
            for fault in error.faults:
                self._echo("doorbell", f"{fault} Until it is mended, everything runs on unchanged")
            return
        self._settings = settings
        name = self._config.name
        self._echo("doorbell", f"{name} has changed: the hub and the handlers start again")
        if settings.broker != self._broker:
            self._echo("doorbell", f"[broker] in {name} has changed: {BROKER_COUNTS}")
        hub = self._processes["hub"]
        hub.restart()
        hub.tick()  # at once: the bell must not wait for what takes long to stop
        self._follow_page(settings)
        others = [self._processes["web"]] if "web" in self._processes else []
        for child in (*others, *self._handlers.values()):
            child.begin_restart()

    def _follow_page(self, settings: Settings) -> None:
        """Run the web process unless the settings want neither page nor links."""
        if _has_page(settings) and "web" not in self._processes:
            self._add("web", ["-m", "hub.web.server"])
        elif not _has_page(settings) and (child := self._processes.pop("web", None)):
            self._end(child)

    def _end(self, child: Child) -> None:
        child.end()
        child.wait_ended(time.monotonic() + STOP_S)


def _has_page(settings: Settings) -> bool:
    """Whether to run doorbell-web: unless the settings want neither page nor links.

    Where each process logs in to the broker as its own user, it has one only if [web] asks for it.
    """
    web = settings.web
    return web.is_wanted or (web.page is None and settings.broker.password_dir is None)


def _file_of(handler: Child) -> Path:
    return Path(handler.command[-1])
