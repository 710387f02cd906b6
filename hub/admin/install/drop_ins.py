"""Drop-ins of the units that depend on this machine: its version of systemd, and its settings."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from config import Settings
from hub.admin.install import openings
from hub.admin.install.orders import Systemctl
from hub.mqtt.connection import credentials
from hub.system.files import atomic_file

UNIT = "doorbell-handler@{}.service"
WEB = "doorbell-web.service"
HUB = "doorbell-hub.service"
BACKOFF_SINCE = 254  # systemd's NEWS: RestartSteps= and RestartMaxDelaySec=
LOGIN = "login.conf"  # the drop-in with the name under which a unit logs in
USER = "user.conf"  # the drop-in of a unit whose handler has a long name
LONGEST = 31 - len("door-")  # a user's name has up to 31 letters: systemd.exec(5), User=
BACKOFF = Path("doorbell-.service.d/backoff.conf")
HEAD = """\
# Written by `doorbell handlers sync`, from `hub` and [broker] in the settings.
[Service]
LoadCredential=
"""


def _units_folder() -> Path:
    """The units that come with doorbell: `hub/systemd` in a wheel, `systemd` in a checkout."""
    package, checkout = Path(__file__).parents[2:4]
    folder = package / "systemd"
    return folder if folder.is_dir() else checkout / "systemd"


SHIPPED = _units_folder()
OPTIONAL = SHIPPED / "optional"


def put(
    settings: Settings, units: Path, owed: Path, order: Systemctl, handlers: Iterable[str] = ()
) -> None:
    """Bring the drop-ins up to the settings, and have systemd read them.

    Args:
        settings: What is to run.
        units: The folder of the administrator's units.
        owed: A mark that is there until systemd has read them, so that a crash does not lose it.
        order: Runs systemctl.
        handlers: The names of those that run.

    Raises:
        OrderError: systemd refuses.
        OSError: something cannot be written.
    """
    wanted = {units / path: text for path, text in _wanted(settings, order)}
    wanted |= {units / path: text for path, text in _users(handlers)}
    changed = {path: text for path, text in wanted.items() if text != _content(path)}
    if changed:
        atomic_file.write(owed, b"")
    for path, text in changed.items():
        if text:
            atomic_file.write(path, text.encode())  # readable by all, like the units themselves
        else:
            path.unlink()
    if owed.exists():
        order("daemon-reload")
        owed.unlink()


def has_passwords(settings: Settings) -> bool:
    """Whether each process logs in as a user of its own."""
    return settings.broker.password_dir is not None and settings.broker.username is None


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _wanted(settings: Settings, order: Systemctl) -> Iterable[tuple[Path, str]]:
    """Each drop-in and its text; empty where it is not needed."""
    version = re.match(r"systemd (\d+)", order("--version"))
    if version and int(version[1]) >= BACKOFF_SINCE:
        yield BACKOFF, (OPTIONAL / BACKOFF).read_text(encoding="utf-8")
    yield Path(f"{HUB}.d") / LOGIN, _login(settings, "hub")
    yield Path(f"{WEB}.d") / LOGIN, _login(settings, "web")
    yield Path(f"{UNIT.format('')}.d") / LOGIN, _login(settings, "handler")
    yield from openings.openings(settings, OPTIONAL)


def _users(handlers: Iterable[str]) -> Iterable[tuple[Path, str]]:
    """A user for each handler whose name is too long to be part of a user's."""
    for name in handlers:
        if len(name) > LONGEST:
            user = f"door-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
            head = "# Written by `doorbell handlers sync`: its name is too long for a user's."
            yield Path(f"{UNIT.format(name)}.d") / USER, f"{head}\n[Service]\nUser={user}\n"


def _login(settings: Settings, role: str) -> str:
    """The credentials of a unit, where they are not those that the unit itself names."""
    if not has_passwords(settings):  # a unit whose password file is missing would not start
        return HEAD
    if role == "handler" or settings.hub == "home":
        return ""
    user = credentials.user(role, settings.hub)
    return f"{HEAD}LoadCredential={user}:/etc/doorbell/broker/passwords/{user}\n"
