"""Installs doorbell as a service of this machine: user, settings, passwords, broker and units.

Each step keeps what is there and does the rest, so that all can be repeated after any failure.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import config
from config import Settings, SettingsError
from config.reading import sources
from hub.admin.install import mosquitto
from hub.admin.install.drop_ins import HUB, OPTIONAL, SHIPPED
from hub.admin.install.machine import Machine
from hub.admin.install.moves import state_folders
from hub.admin.install.orders import OrderError
from hub.admin.security import credentials_folder
from hub.admin.security.certificates import CertificateError
from hub.process.restore_guard import NOTE
from hub.system.files import atomic_file

USER = "doorbell"
TALK_GROUP = "doorbell-talk"  # of `talk` and the page: no other handler may listen
GROUPS = ("gpio", "audio", "video", TALK_GROUP)  # what the units name; Debian has no gpio
RULES = Path(config.__file__).parent / "mosquitto"
OURS = {"doorbell.conf": "doorbell.conf", "users.conf": "doorbell-users.conf"}
ACCESS_RULES = re.compile(
    r"^\s*(listener|port|allow_anonymous|password_file|acl_file|per_listener_settings|plugin"
    r"|auth_plugin)\b",
    re.MULTILINE,
)


class InstallError(RuntimeError):
    """A step failed; the text says which, why, and what to do."""


def install(machine: Machine, report: Callable[[str], None], *, start: bool = True) -> None:
    """Make every step.

    Args:
        machine: What to install it on.
        report: Called with a line for each step.
        start: Whether to start it as well.

    Raises:
        InstallError: a step failed. Earlier steps are kept, and a repetition continues there.
    """
    for title, step in STEPS if start else STEPS[:-1]:
        try:
            for line in step(machine):
                report(f"{title}: {line}")
        except SettingsError as error:
            raise InstallError(f"{title}: " + "\n".join(error.faults)) from None
        except (OrderError, CertificateError, OSError) as error:
            raise InstallError(f"{title}: {error}") from None


def _make_user(machine: Machine) -> Iterator[str]:
    for group in GROUPS:
        if not has(machine, "getent", "group", group):
            machine.order("groupadd", "--system", group)
    if has(machine, "getent", "passwd", USER):
        yield f"{USER} (kept)"
        return
    machine.order(
        "useradd", "--system", "--user-group", "--no-create-home",
        "--home-dir", "/var/lib/doorbell",
        "--shell", "/usr/sbin/nologin", USER,
    )  # fmt: skip
    yield f"{USER}. It is in no other group: each unit gives its process what it needs"


def _make_folders(machine: Machine) -> Iterator[str]:
    path = machine.settings
    (path.parent / "handlers").mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o755)
    if path.is_file() and path.stat().st_size:  # a power cut may have left an empty one
        yield f"{path} (kept)"
    else:
        example = Path(config.__file__).parent / "house.toml"
        atomic_file.write(path, example.read_bytes(), 0o640)
        yield f"{path}: one simulated door, until you change it"
    machine.own(path, f"root:{USER}", 0o640)  # it may hold tokens
    machine.state.mkdir(parents=True, exist_ok=True)


def _make_passwords(machine: Machine) -> Iterator[str]:
    settings = sources.load(machine.settings)
    if settings.broker.password_dir is None or settings.broker.username is not None:
        yield "none: the settings say how to log in"
        return
    folder = settings.broker.password_dir.parent
    before = {path.name for path in settings.broker.password_dir.glob("*")}
    yield from credentials_folder.write(settings, folder, (), ()).lost
    new = sorted({path.name for path in settings.broker.password_dir.glob("*")} - before)
    yield f"new ones for {', '.join(new)}" if new else "kept"


def _set_up_broker(machine: Machine) -> Iterator[str]:
    settings = sources.load(machine.settings)
    folder = machine.mosquitto / "doorbell"
    is_set_up = folder.is_dir() and settings.broker.password_dir is not None
    if not is_set_up and not _is_ours_to_set_up(settings):
        why = "not set up from here, because the settings say how to log in"
        yield f"{settings.broker.address if settings.broker.host else 'none'}: {why}"
        return
    if not machine.mosquitto.is_dir():
        raise OrderError("mosquitto is not installed: apt-get install mosquitto")
    if others := _other_rules(machine.mosquitto):
        raise OrderError(
            f"mosquitto has access rules already ({', '.join(others)}), and those of doorbell "
            "would contradict them. Either remove them, or give doorbell a user of that broker: in "
            f"{machine.settings} put username and password in place of password_dir"
        )
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    if settings.broker.password_dir:
        yield from mosquitto.hand_over(settings.broker.password_dir.parent / "mosquitto", folder)
    conf = machine.mosquitto / "conf.d"
    changed = [
        name
        for ours, name in OURS.items()
        if atomic_file.write(conf / name, (RULES / ours).read_bytes())
    ]
    if machine.is_booted:
        systemctl = partial(machine.order, "systemctl")
        systemctl("enable", "mosquitto.service")
        systemctl("restart" if changed else "start", "mosquitto.service")
        mosquitto.reread_users(systemctl)
    if changed:
        words = "all its clients need a password from now on, your own programs too"
        yield f"mosquitto: {words}: docs/security.md"
    else:
        yield "mosquitto (kept)"


def _put_units(machine: Machine) -> Iterator[str]:
    for path in SHIPPED.rglob("*"):
        if path.is_file() and OPTIONAL not in path.parents:
            atomic_file.write(machine.units / path.relative_to(SHIPPED), path.read_bytes())
    if machine.is_booted:
        machine.order("systemctl", "daemon-reload")
    machine.order("systemctl", "enable", "doorbell.target")
    yield f"{machine.units}/doorbell*, enabled at boot"


def _place_state(machine: Machine) -> Iterator[str]:
    """Into a folder for each process; an earlier version kept all state in one."""
    if (note := machine.settings.parent / NOTE).exists():
        raise OrderError(f"{note}: a restore was cut off. Finish it: sudo doorbell restore")
    given = sources.load(machine.settings).state_dir
    if machine.at(str(given).lstrip("/")) != machine.state and given != machine.state:
        raise OrderError(
            f"state_dir is {given}, but the units keep their state in {machine.state}. Stop "
            f"doorbell, move what is in {given} there (a disk may be mounted there), and set "
            f'state_dir = "{machine.state}"'
        )
    if not state_folders.is_due(machine):
        yield f"{machine.state} (kept)"
        return
    if machine.is_booted:
        with suppress(OrderError):  # there is none yet
            machine.order("systemctl", "stop", "doorbell.target", "doorbell-*")
    yield f"{machine.state}, with a folder for each process that nobody else sees"
    yield from state_folders.spread(machine)


def _link_command(machine: Machine) -> Iterator[str]:
    wanted = machine.at("opt/doorbell/bin/doorbell")
    machine.command.parent.mkdir(parents=True, exist_ok=True)
    new = machine.command.with_name(".doorbell.new")
    new.unlink(missing_ok=True)
    new.symlink_to(wanted)
    new.replace(machine.command)
    yield f"{machine.command}"


def _start(machine: Machine) -> Iterator[str]:
    if not machine.is_booted:
        yield "at the next boot, because systemd is not running here"
        return
    # This returns when the units that the target wants are ready, or have failed.
    machine.order("systemctl", "restart", "doorbell.target")
    state = machine.order("systemctl", "show", "--property=ActiveState", "--value", HUB).strip()
    if state != "active":
        raise OrderError(f"the hub is {state}. `journalctl -u {HUB}` says why")
    yield "the hub is listening; its handlers are starting (`doorbell handlers` shows them)"


STEPS: tuple[tuple[str, Callable[[Machine], Iterator[str]]], ...] = (
    ("user", _make_user),
    ("settings", _make_folders),
    ("passwords", _make_passwords),
    ("broker", _set_up_broker),
    ("units", _put_units),
    ("state", _place_state),
    ("command", _link_command),
    ("start", _start),
)


def has(machine: Machine, *question: str) -> bool:
    """Whether a program finds what it is asked for."""
    try:
        machine.order(*question)
    except OrderError:
        return False
    return True


def _is_ours_to_set_up(settings: Settings) -> bool:
    broker = settings.broker
    return (
        {one.host for one in broker.addresses} <= {"localhost", "127.0.0.1", "::1"}
        and broker.host is not None
        and broker.username is None
        and broker.password_dir is not None
    )


def _other_rules(folder: Path) -> list[str]:
    """Settings of mosquitto that decide who may log in, and are not ours: mosquitto.conf(5)."""
    files = [folder / "mosquitto.conf", *sorted((folder / "conf.d").glob("*.conf"))]
    # With our rules in force, a listener that was added later is no contradiction.
    are_ours_in_force = (folder / "conf.d" / OURS["users.conf"]).is_file()
    allowed = ("listener", "port") if are_ours_in_force else ()
    found: list[str] = []
    for path in files:
        if path.is_file() and not path.name.startswith("doorbell"):
            text = path.read_text(encoding="utf-8", errors="replace")
            names = [rule[1] for rule in ACCESS_RULES.finditer(text)]
            found += [f"{path}: {name}" for name in names if name not in allowed]
    return found
