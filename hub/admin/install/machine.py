"""The machine that doorbell is installed on: where things lie, and how it is given orders."""

import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub.admin.install import units
from hub.admin.install.mosquitto import OrderError


def order(*command: str) -> str:
    """Run a program, and return what it says.

    Raises:
        OrderError: it fails, or is not there; with its own words.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise OrderError(f"there is no program {command[0]} here") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise OrderError(f"`{' '.join(command)}`: {said or f'it ended with {done.returncode}'}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Machine:
    """Where things lie, as docs/install.md says.

    Attributes:
        root: The folder under which they lie: another one for tests.
        order: What runs a program and returns what it says; raises OrderError.
    """

    root: Path = Path("/")
    order: Callable[..., str] = order

    def at(self, path: str) -> Path:
        """A place by its path from the root, without the first slash."""
        return self.root / path

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.at("etc/doorbell/doorbell.toml")

    @property
    def state(self) -> Path:
        """Journals, inboxes, pictures and clips."""
        return self.at("var/lib/doorbell")

    @property
    def units(self) -> Path:
        """The administrator's units."""
        return self.at("etc/systemd/system")

    @property
    def mosquitto(self) -> Path:
        """What mosquitto reads."""
        return self.at("etc/mosquitto")

    @property
    def command(self) -> Path:
        """`doorbell`, where every shell finds it."""
        return self.at("usr/local/bin/doorbell")

    @property
    def is_booted(self) -> bool:
        """Whether systemd runs it; not so while somebody makes an image."""
        return units.is_booted(self.root)

    def own(self, path: Path, owner: str, mode: int) -> None:
        """Give a file or folder to `USER:GROUP`, with the mode that it is to have; not touched if it has both."""
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)
        if _owner(path) != owner:
            self.order("chown", owner, str(path))


def _owner(path: Path) -> str:
    with suppress(KeyError):
        return f"{path.owner()}:{path.group()}"
    return ""
