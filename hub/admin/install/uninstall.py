"""Uninstalls doorbell. Settings and state stay, unless they are to be removed as well."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from hub.admin.install import drop_ins, openings
from hub.admin.install.install import OURS, TALK_GROUP, USER, has
from hub.admin.install.machine import Machine
from hub.admin.install.moves import state_folders
from hub.admin.install.openings import below_head
from hub.admin.install.orders import OrderError

ENVIRONMENT = re.compile(r"doorbell\.\d{8}T\d{6}")  # install.sh names them so

TRACES = (  # of a program that is installed; a trace that is left is removed in a repetition
    "etc/systemd/system/doorbell*",
    "etc/mosquitto/doorbell*",
    "etc/mosquitto/conf.d/doorbell*",
    "opt/doorbell*",
    "usr/local/bin/doorbell*",
)


def uninstall(
    machine: Machine,
    report: Callable[[str], None],
    *,
    data: bool,
    agree: Callable[[str], object] | None = None,
) -> None:
    """Stop everything, and remove what was installed; the program itself last.

    Args:
        machine: What to uninstall it from.
        report: Called with a line for each step.
        data: Whether settings, passwords, journals, pictures, clips and the user are removed, too.
        agree: Called with a question before that; it raises where the answer is no.

    Raises:
        OrderError: systemd or another program refuses.
        OSError: something cannot be removed. A repetition continues there.
    """
    folders = (machine.settings.parent, machine.state, machine.at("var/lib/private/doorbell"))
    is_here = any(any(machine.root.glob(trace)) for trace in TRACES)
    if not is_here and not (data and any(map(os.path.lexists, folders))):
        report("nothing is installed here, so nothing was removed")
        _tell_kept(machine, report)
        return
    if data and agree:
        agree(f"Everything in {folders[0]} and {folders[1]} will be removed. Go on?")
    for line in (*_stop(machine), *_remove_units(machine, data=data), *_free_broker(machine)):
        report(line)
    if data:
        mounted = [path for folder in folders for path in _clear(folder)]
        if has(machine, "getent", "passwd", USER):
            machine.order("userdel", USER)
        if has(machine, "getent", "group", TALK_GROUP):
            machine.order("groupdel", TALK_GROUP)
        report(f"settings, passwords, journals, pictures, clips and the user {USER}: removed")
        if mounted:
            names = ", ".join(map(str, mounted))
            report(f"{names}: empty, and still there because a disk is mounted on it")
    else:
        state_folders.give_back(machine)
        _tell_kept(machine, report)
    _remove_program(machine)
    report("program: removed. Packages like mosquitto stay: apt-get remove removes them")


def _tell_kept(machine: Machine, report: Callable[[str], None]) -> None:
    kept = [str(path) for path in (machine.settings.parent, machine.state) if path.exists()]
    if kept:
        report(f"kept: {' and '.join(kept)}")
        report("`doorbell uninstall --data` removes them, too")


def _remove_program(machine: Machine) -> None:
    """The running program is removed last, so that the command can be repeated until then."""
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
        shutil.rmtree(running)  # our own files: what is still needed is in memory


def _clear(folder: Path) -> list[Path]:
    """Remove a folder and its content; returns the folders that stay because they are mounts.

    A handler may have nested its folders deeper than Python can call itself.
    """
    folders = [folder]
    for one in folders:  # it grows meanwhile, and what is inside comes behind
        for path in one.iterdir() if one.is_dir() else ():
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif path.name != "lost+found":  # a file system's own
                folders.append(path)
    stays: list[Path] = []
    for one in reversed(folders):
        if one.is_mount():
            stays.append(one)
        elif one.is_symlink():  # to a larger disk
            one.unlink()
        elif one.is_dir() and not any(mount.is_relative_to(one) for mount in stays):
            one.rmdir()
    return stays


def _stop(machine: Machine) -> Iterator[str]:
    enabled = [
        path.name for path in machine.at("etc/systemd/system/doorbell.target.wants").glob("*")
    ]
    for unit in ("doorbell.target", *sorted(enabled)):
        with suppress(OrderError):  # it has been removed already
            machine.order("systemctl", "disable", unit)
    if machine.is_booted:
        with suppress(OrderError):
            machine.order("systemctl", "stop", "doorbell.target")
        machine.order("systemctl", "stop", "doorbell-*")  # what was started by hand
    yield "stopped"


def _remove_units(machine: Machine, *, data: bool) -> Iterator[str]:
    """Drop-ins of the user's own stay, and so do copies of ours that the user has changed."""
    for path in filter(Path.is_file, drop_ins.SHIPPED.rglob("*")):
        if drop_ins.OPTIONAL not in path.parents:
            (machine.units / path.relative_to(drop_ins.SHIPPED)).unlink(missing_ok=True)
        elif (copy := machine.units / path.relative_to(drop_ins.OPTIONAL)).is_file() and (
            below_head(copy) == below_head(path) or copy == machine.units / drop_ins.BACKOFF
        ):
            copy.unlink()
    folders = [path for path in machine.units.glob("doorbell*.d") if path.is_dir()]
    for folder in folders:
        for ours in (drop_ins.LOGIN, drop_ins.USER, openings.NAME):
            (folder / ours).unlink(missing_ok=True)
        if data:
            shutil.rmtree(folder)
        elif not any(folder.iterdir()):
            folder.rmdir()
    shutil.rmtree(machine.at("run/doorbell-handlers"), ignore_errors=True)
    if machine.is_booted:
        machine.order("systemctl", "daemon-reload")
        machine.order("systemctl", "reset-failed", "doorbell*")
    left = [str(folder) for folder in folders if folder.is_dir()]
    kept = f", except your own in {', '.join(left)}" if left else ""
    yield f"units: removed{kept}"


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
    yield "mosquitto: as it was before, without doorbell's passwords and ACL"
