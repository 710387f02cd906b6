"""Takes doorbell off this machine. Settings and state stay unless they are to go, too."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from hub.admin.install import drop_ins
from hub.admin.install.install import OURS, USER, is_there
from hub.admin.install.machine import Machine
from hub.admin.install.mosquitto import OrderError

ENVIRONMENT = re.compile(r"doorbell\.\d{8}T\d{6}")  # install.sh names them so


def uninstall(machine: Machine, tell: Callable[[str], None], *, data: bool) -> None:
    """Stop everything, and remove what installing has brought; the program itself last.

    Args:
        machine: What to take it off.
        tell: Called with a line for each thing done.
        data: Whether settings, passwords, journals, pictures, clips and the user go, too.

    Raises:
        OrderError: systemd or the system says no.
        OSError: something cannot be removed. Done again, it goes on from there.
    """
    for line in (*_stop(machine), *_remove_units(machine, data=data), *_free_broker(machine)):
        tell(line)
    if data:
        mounted = [
            str(path)
            for folder in (machine.settings.parent, machine.state)
            for path in _clear(folder)
        ]
        if is_there(machine, "getent", "passwd", USER):
            machine.order("userdel", USER)
        tell(f"settings, passwords, journals, pictures, clips and the user {USER}: gone")
        if mounted:
            tell(f"{', '.join(mounted)}: empty, and still there because a disk is mounted on it")
    else:
        tell(
            f"kept: {machine.settings.parent} and {machine.state}. `doorbell uninstall --data` removes them, too"
        )
    _remove_program(machine)
    tell(
        "the program: gone. Packages of the system (mosquitto and others) stay: apt-get remove takes them"
    )


def _remove_program(machine: Machine) -> None:
    """Until all but the running program is gone, the command can be given again."""
    environments = [
        path for path in machine.at("opt").glob("doorbell.*") if ENVIRONMENT.fullmatch(path.name)
    ]
    program = machine.at("opt/doorbell")
    running = program.resolve()
    for path in environments:
        if path != running:
            shutil.rmtree(path)
    for link in (machine.at("opt/doorbell.new"), machine.command, program):
        if link.is_symlink():
            link.unlink()
    if running in environments or (running / "pyvenv.cfg").is_file():
        shutil.rmtree(running)  # our own files: what is still needed of them is in memory


def _clear(folder: Path) -> list[Path]:
    """Remove a folder with all that is in it; returns those that stay, empty, because a disk is mounted on them."""
    stays: list[Path] = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif path.name != "lost+found":  # a file system's own
            stays += _clear(path)
    if folder.is_mount():
        return [folder, *stays]
    if folder.is_symlink():  # to a larger disk
        folder.unlink()
    elif folder.is_dir() and not stays:
        folder.rmdir()
    return stays


def _stop(machine: Machine) -> Iterator[str]:
    enabled = [
        path.name for path in machine.at("etc/systemd/system/doorbell.target.wants").glob("*")
    ]
    for unit in ("doorbell.target", *sorted(enabled)):
        with suppress(OrderError):  # it is not there any more
            machine.order("systemctl", "disable", unit)
    if machine.is_booted:
        with suppress(OrderError):
            machine.order("systemctl", "stop", "doorbell.target")
        machine.order("systemctl", "stop", "doorbell-*")  # what was started by hand
    yield "stopped"


def _remove_units(machine: Machine, *, data: bool) -> Iterator[str]:
    """Drop-ins that a person wrote are settings, and so are those of ours that they copied and changed."""
    for path in filter(Path.is_file, drop_ins.SHIPPED.rglob("*")):
        if drop_ins.OPTIONAL not in path.parents:
            (machine.units / path.relative_to(drop_ins.SHIPPED)).unlink(missing_ok=True)
        elif (copy := machine.units / path.relative_to(drop_ins.OPTIONAL)).is_file() and (
            copy.read_bytes() == path.read_bytes() or copy == machine.units / drop_ins.BACKOFF
        ):
            copy.unlink()
    folders = [path for path in machine.units.glob("doorbell*.d") if path.is_dir()]
    for folder in folders:
        (folder / drop_ins.LOGIN).unlink(missing_ok=True)
        if data:
            shutil.rmtree(folder)
        elif not any(folder.iterdir()):
            folder.rmdir()
    shutil.rmtree(machine.at("run/doorbell-handlers"), ignore_errors=True)
    if machine.is_booted:
        machine.order("systemctl", "daemon-reload")
        machine.order("systemctl", "reset-failed", "doorbell*")
    left = [str(folder) for folder in folders if folder.is_dir()]
    yield "units: gone" + (f", but for what you wrote in {', '.join(left)}" if left else "")


def _free_broker(machine: Machine) -> Iterator[str]:
    names = [*OURS.values(), "doorbell-tls.conf"]
    ours = [path for name in names if (path := machine.mosquitto / "conf.d" / name).is_file()]
    if not ours and not (machine.mosquitto / "doorbell").is_dir():
        return
    for path in ours:
        path.unlink()
    shutil.rmtree(machine.mosquitto / "doorbell", ignore_errors=True)
    if machine.is_booted:
        machine.order("systemctl", "try-restart", "mosquitto.service")
    yield "mosquitto: as it was before, without doorbell's passwords and rights"
