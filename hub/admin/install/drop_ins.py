"""What the units are given beside their files, because it depends on this machine: how new its systemd is, and as whom
its hub logs in.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from config import Settings
from hub.admin.install.mosquitto import Systemctl
from hub.mqtt import credentials
from hub.system import atomic_file

UNIT = "doorbell-handler@{}.service"
WEB = "doorbell-web.service"
HUB = "doorbell-hub.service"
BACKOFF_SINCE = 254  # systemd's NEWS: RestartSteps= and RestartMaxDelaySec=
LOGIN = "login.conf"  # the drop-in that says under which name a unit logs in
BACKOFF = Path("doorbell-.service.d/backoff.conf")
OPTIONAL = (
    next(
        (
            folder
            for base in Path(__file__).parents[2:4]  # in the wheel, and in a checkout
            if (folder := base / "systemd").is_dir()
        ),
        Path("systemd"),
    )
    / "optional"
)


def put(settings: Settings, units: Path, owed: Path, order: Systemctl) -> None:
    """Bring them up to the settings, and have systemd read them.

    Args:
        settings: What is to run.
        units: The folder of the administrator's units.
        owed: A file that is there while systemd has not read them yet: whoever was cut off there left it.
        order: What gives systemd its orders.

    Raises:
        OrderError: systemd says no.
        OSError: something cannot be written.
    """
    wanted = {units / path: text for path, text in _wanted(settings, order)}
    changed = {path: text for path, text in wanted.items() if text != _content(path)}
    if changed:
        atomic_file.write(owed, b"")
    for path, text in changed.items():
        if text:
            atomic_file.write(path, text.encode())  # `systemctl cat` is for everybody
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
    version = re.match(r"systemd (\d+)", order("--version"))
    if version and int(version[1]) >= BACKOFF_SINCE:
        yield BACKOFF, (OPTIONAL / BACKOFF).read_text(encoding="utf-8")
    head = "# Written by `doorbell handlers sync`, as hub and [broker] are set.\n[Service]\nLoadCredential=\n"
    for unit, role in ((HUB, "hub"), (WEB, "web"), (UNIT.format(""), "")):
        text = ""
        if not has_passwords(settings):  # a unit whose password is not there would not start
            text = head
        elif role and settings.hub != "home":
            user = credentials.user(role, settings.hub)
            text = f"{head}LoadCredential={user}:/etc/doorbell/broker/passwords/{user}\n"
        yield Path(f"{unit}.d") / LOGIN, text
