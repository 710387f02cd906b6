"""Takes doorbell off this machine. Settings and state stay unless they are to go, too."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from hub import drop_ins
from hub.install import OURS, SHIPPED, USER
from hub.machine import Machine
from hub.mosquitto import OrderError


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
        for folder in (machine.settings.parent, machine.state):
            shutil.rmtree(folder, ignore_errors=not folder.is_dir())
        with suppress(OrderError):  # gone already
            machine.order("userdel", USER)
        tell(f"settings, passwords, journals, pictures, clips and the user {USER}: gone")
    else:
        tell(f"kept: {machine.settings.parent} and {machine.state}. `doorbell uninstall --data` removes them, too")
    machine.command.unlink(missing_ok=True)
    program = machine.at("opt/doorbell")
    for path in (program, *machine.at("opt").glob("doorbell.*")):
        path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=not path.exists())
    tell("the program: gone. Packages of the system (mosquitto and others) stay: apt-get remove takes them")


def _stop(machine: Machine) -> Iterator[str]:
    enabled = [path.name for path in machine.at("etc/systemd/system/doorbell.target.wants").glob("*")]
    for unit in ("doorbell.target", *sorted(enabled)):
        with suppress(OrderError):  # it is not there any more
            machine.order("systemctl", "disable", unit)
    if machine.is_booted:
        with suppress(OrderError):
            machine.order("systemctl", "stop", "doorbell.target")
        machine.order("systemctl", "stop", "doorbell-*")  # what was started by hand
    yield "stopped"


def _remove_units(machine: Machine, *, data: bool) -> Iterator[str]:
    """Drop-ins that a person wrote are settings."""
    for path in SHIPPED.rglob("*"):
        if path.is_file():
            (machine.units / path.relative_to(SHIPPED)).unlink(missing_ok=True)
            _put_optional_away(machine, path)
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


def _put_optional_away(machine: Machine, path: Path) -> None:
    if drop_ins.OPTIONAL in path.parents:
        (machine.units / path.relative_to(drop_ins.OPTIONAL)).unlink(missing_ok=True)


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
