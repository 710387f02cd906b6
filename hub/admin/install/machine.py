"""The machine that doorbell is installed on: its paths, and how programs are run on it."""

import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub.admin.install import units
from hub.admin.install.orders import order


@dataclass(frozen=True, slots=True)
class Machine:
    """The paths of docs/install.md.

    Attributes:
        root: The folder that stands for `/`: another one in tests.
        order: Runs a program and returns its output; raises OrderError.
    """

    root: Path = Path("/")
    order: Callable[..., str] = order

    def at(self, path: str) -> Path:
        """A path on this machine, given without the first slash."""
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
        """The folder that mosquitto reads."""
        return self.at("etc/mosquitto")

    @property
    def command(self) -> Path:
        """The command `doorbell`, where every shell finds it."""
        return self.at("usr/local/bin/doorbell")

    @property
    def is_booted(self) -> bool:
        """Whether systemd is running; it is not while an image is being made."""
        return units.is_booted(self.root)

    def own(self, path: Path, owner: str, mode: int) -> None:
        """Give a file or folder to `USER:GROUP`, with this mode, unless it has both already."""
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)
        if _owner(path) != owner:
            self.order("chown", owner, str(path))

    def belongs_to(self, path: Path, owner: str) -> bool:
        """Whether a file or folder is there, and belongs to `USER:GROUP`."""
        return path.exists() and _owner(path) == owner


def _owner(path: Path) -> str:
    with suppress(KeyError):
        return f"{path.owner()}:{path.group()}"
    return ""
