"""`doorbell run`: the hub, the handlers and, where none is configured, a broker, as processes in the foreground."""

import fcntl
import time
from contextlib import ExitStack
from pathlib import Path

from config import Settings, SettingsError, sources
from devices.machine.folder import fault_in_folder
from hub.mqtt.embedded_address import PORT_FILE, free_port, with_embedded_broker
from hub.plugin import loader
from hub.process.child import STOP_S, Child, Echo
from hub.system import atomic_file

TICK_S = 0.2
Stamp = tuple[int, int]


class Supervisor:
    """Starts and watches; on a Pi systemd does the same."""

    def __init__(self, settings: Settings, config: Path, echo: Echo) -> None:
        """Prepare.

        Args:
            settings: In force.
            config: Their file, for the children.
            echo: Called with a process's name and each line that it prints.
        """
        self._settings, self._echo = settings, echo
        self._environment = {"DOORBELL_CONFIG": str(config)}
        self._config, self._read = config, _stamp(config)
        self._changed = self._read
        self._processes: dict[str, Child] = {}
        self._handlers: dict[str, Child] = {}
        self._stamps: dict[Path, Stamp] = {}
        self._unsettled: dict[Path, Stamp] = {}
        self._held = ExitStack()

    def start(self) -> Settings:
        """Start everything; returns the settings with the broker that is in use.

        Raises:
            SettingsError: another `doorbell run` uses the same state folder.
        """
        if fault := fault_in_folder(self._settings.state_dir):
            raise SettingsError([f"state_dir: {fault}"])
        self._settings.state_dir.mkdir(parents=True, exist_ok=True)
        self._be_the_only_one()
        settings = self._settings
        if settings.broker.host is None:
            port = free_port(settings.broker.port)
            atomic_file.write(settings.state_dir / PORT_FILE, str(port).encode(), 0o640)
            self._add("broker", ["-m", "hub.mqtt.embedded_broker", "--port", str(port)])
            settings = with_embedded_broker(settings)
            self._environment |= {
                "DOORBELL_BROKER__HOST": "127.0.0.1",
                "DOORBELL_BROKER__PORT": str(port),
            }
        self._add("hub", ["-m", "hub.daemon", "--stdin"], listens=True)
        if settings.web.url:
            self._add("web", ["-m", "hub.web.server"])
        self._look_for_handlers()
        self.tick()
        return settings

    def ring(self, door: str) -> bool:
        """Press a button by hand, with no broker in between; False when the hub does not run."""
        return self._processes["hub"].tell(door)

    def tick(self) -> None:
        """One round: who died is restarted, and the handlers folder and the settings are looked at."""
        self._look_for_handlers()
        self._look_for_settings()
        for child in (*self._processes.values(), *self._handlers.values()):
            child.tick()

    def stop(self) -> None:
        """End everything: the reactions first, the broker last."""
        for children in (self._handlers.values(), self._processes.values()):
            for child in reversed(list(children)):
                child.end()
            deadline = time.monotonic() + STOP_S
            for child in children:
                child.wait_ended(deadline)
        (self._settings.state_dir / PORT_FILE).unlink(missing_ok=True)
        self._held.close()

    def pids(self) -> dict[str, int]:
        """The process ids of who runs, by name."""
        everybody = {**self._processes, **self._handlers}
        return {name: child.process.pid for name, child in everybody.items() if child.process}

    def _add(self, name: str, command: list[str], *, listens: bool = False) -> None:
        self._processes[name] = Child(name, command, self._environment, self._echo, listens)

    def _look_for_handlers(self) -> None:
        """Start what was saved, restart what changed, stop what went. A file must hold still for one round first."""
        found = loader.find(self._settings)
        for name in self._handlers.keys() - found.keys():
            self._echo(name, "its file is gone: stopping")
            child = self._handlers.pop(name)
            child.end()
            child.wait_ended(time.monotonic() + STOP_S)
        stamps = {path: stamp for path in found.values() if (stamp := _stamp(path))}
        first_round = not self._stamps
        for name, path in found.items():
            stamp = stamps.get(path)
            known = name in self._handlers and self._handlers[name].command[-1] == str(path)
            if stamp is None or (known and self._stamps.get(path) == stamp):
                continue
            if not first_round and self._unsettled.get(path) != stamp:
                continue
            self._stamps[path] = stamp
            self._begin(name, path)
        self._unsettled = stamps

    def _look_for_settings(self) -> None:
        """Settings that were changed, and hold still for one round, are read by whoever is started anew."""
        stamp = _stamp(self._config)
        if stamp is None or stamp == self._read:
            return
        if stamp != self._changed:
            self._changed = stamp
            return
        self._read = stamp
        self._echo(
            "doorbell", f"{self._config.name} has changed: the hub and the handlers start again"
        )
        self._begin_or_end_web()
        for child in (
            self._processes["hub"],
            *filter(None, [self._processes.get("web")]),
            *self._handlers.values(),
        ):
            child.restart()

    def _begin_or_end_web(self) -> None:
        """The page of answer links runs only while it has an address."""
        try:
            url = sources.load(self._config).web.url
        except SettingsError:
            return  # whoever is started anew says what is wrong
        if url and "web" not in self._processes:
            self._add("web", ["-m", "hub.web.server"])
        elif not url and (child := self._processes.pop("web", None)):
            child.end()
            child.wait_ended(time.monotonic() + STOP_S)

    def _begin(self, name: str, path: Path) -> None:
        if old := self._handlers.get(name):
            self._echo(name, "its file changed: starting it again")
            old.end()
            old.wait_ended(time.monotonic() + STOP_S)
        self._handlers[name] = Child(
            name, ["-m", "hub.worker", str(path)], self._environment, self._echo
        )

    def _be_the_only_one(self) -> None:
        lock = self._held.enter_context((self._settings.state_dir / ".run.lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            raise SettingsError(
                [
                    f"another `doorbell run` uses {self._settings.state_dir}. Stop it, or set another state_dir"
                ]
            ) from None


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
