"""The house that is measured: real processes of a checkout, started in a fixed order."""

import os
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.bench.house.checkout import Checkout
from tests.bench.house.disk import Disk
from tests.house import Ears, free_port, until

SETTINGS = """handlers_dir = "handlers"
state_dir = "state"
[broker]
host = "127.0.0.1"
port = {broker}
[doors.front]
name = "Front door"
[handlers.notify]
urls = ["json://127.0.0.1:{phone}/"]
group_s = 0
[handlers.record]
camera = "test"
clip_s = 300
max_clip_s = 3600
[handlers.light]
lamp = "zigbee2mqtt:porch"
when = "always"
minutes = 60
[handlers.bark]
speaker = "simulated"
[web]
port = {web}
"""
# A film in place of the test pattern, so that there is something to look at live.
PAGE = {
    'camera = "test"\nclip_s = 300\n': 'camera = "{film}"\nclip_s = 1\npreroll_s = 1\n',
    "[web]": "[handlers.visit]\ngap_s = 1\n[web]\npage = true",
}


# Memory for each module that is imported, and time for each request to a phone's service.
COSTLY = ("PYTHONDONTWRITEBYTECODE", "_CA_BUNDLE", "_PROXY")


class House:
    """A hub and handlers, with the preloaded library, and without the traces of this shell."""

    def __init__(
        self, checkout: Checkout, folder: Path, disk: Disk, ports: tuple[int, int]
    ) -> None:
        """Write the settings.

        Args:
            checkout: Whose commands are started.
            folder: For settings, handler files, state files and logs.
            disk: The library that every process gets.
            ports: Of the broker and of the phone's service.
        """
        self._checkout = checkout
        self._folder = folder
        self.sightings = folder / "sightings"
        self._handlers = folder / "handlers"
        self._handlers.mkdir(parents=True)
        broker, phone = ports
        self._config = folder / "doorbell.toml"
        self._config.write_text(
            SETTINGS.format(broker=broker, phone=phone, web=free_port()), encoding="utf-8"
        )
        ours = {key: value for key, value in os.environ.items() if _is_neutral(key)}
        self._environment = {**ours, **checkout.environment, **disk.environment}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ears = Ears(broker, "doorbell/+/+/status")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*reversed(self._processes))
        self._ears.close()

    @property
    def pids(self) -> dict[str, int]:
        """Of what is running, each the leader of a session of its own."""
        return {name: process.pid for name, process in self._processes.items()}

    def start(self, *names: str, wait: bool = True) -> None:
        """Start the hub or handlers, one after another: the broker serves the first one first."""
        for name in names:
            if name not in ("hub", "web"):
                self._checkout.put_handler(name, self._handlers, self.sightings)
            self._execute(name, self._checkout.command(name))
            if wait:
                until(lambda name=name: self._is_ready(name), lambda name=name: self.log(name))

    def _execute(self, name: str, command: list[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*command, "--config", str(self._config)],
                cwd=self._checkout.root,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def set_up_page(self, film: Path) -> None:
        """Have the camera show a film, and each answered visit end at once; before the start."""
        text = self._config.read_text(encoding="utf-8")
        for old, new in PAGE.items():
            text = text.replace(old, new.format(film=film))
        self._config.write_text(text, encoding="utf-8")

    def link(self) -> str:
        """An address of the page that logs one phone in."""
        command = [str(self._checkout.python), "-m", "hub.cli.main", "link"]
        done = subprocess.run(
            [*command, "--config", str(self._config)],
            cwd=self._checkout.root,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return next(word for word in done.stdout.split() if word.startswith("http"))

    def _is_ready(self, name: str) -> bool:
        pid = self.pids.get(name)
        said = self._ears.messages("doorbell/+/+/status")
        return any(one.get("pid") == pid and one["state"] == "ready" for one in said)

    def stop(self, *names: str) -> None:
        """End them as systemd does."""
        for name in names:
            process = self._processes.pop(name)
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def forget(self, name: str) -> None:
        """Remove the state of a handler that is stopped, so that its next start is its first."""
        for path in (self._folder / "state").glob(f"{name}.db*"):
            path.unlink()

    def press(self, times: int = 1) -> float:
        """Press the button; returns the time just before, by time.monotonic()."""
        return self._write_to("hub", times)

    def _write_to(self, name: str, times: int) -> float:
        lines = memoryview(b"front\n" * times)
        given = self._processes[name].stdin.fileno()
        at = time.monotonic()
        while lines:
            lines = lines[os.write(given, lines) :]
        return at

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")[-3000:]


def _is_neutral(variable: str) -> bool:
    """Not a setting of ours, nor one of this shell's that costs what a house does not pay."""
    return not variable.startswith("DOORBELL_") and not variable.upper().endswith(COSTLY)
