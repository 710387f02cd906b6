"""The doctor's look at the machine: its clock, disk and power, who may read what, and the versions of everything."""

import grp
import os
import platform
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from config import sources
from devices.machine import disk as disks
from devices.machine import pi
from devices.machine.finding import Condition, Finding, ok, skipped
from devices.machine.folder import is_there, nearest
from devices.machine.sun import solar_day, sun_moves
from hub.admin.doctor.context import Context
from hub.admin.install import drop_ins, instances, units
from hub.admin.install.mosquitto import OrderError
from hub.mqtt import credentials
from hub.system.clock import RELEASED, SYSTEM, Clock
from hub.wire.answer_token import KEY_FILE
from hub.wire.quiet import by_schedule

SHOWN = 3
OFF_H = 3.5  # no country's time is so far from its sun, but for the west of China nearly
PACKAGES = ("paho-mqtt", "gpiozero", "lgpio", "picamera2", "av", "miniaudio")
DEBIAN = {"libcamera": "python3-libcamera", "mosquitto": "mosquitto", "systemd": "systemd"}


def clock(
    context: Context, machine: Clock = SYSTEM, now: datetime | None = None
) -> Iterator[Finding]:
    """Whether the time can be believed, in which zone it is told, and what follows from it."""
    here = (now or machine.utc()).astimezone()
    words = f"{here:%Y-%m-%d %H:%M:%S}"
    if here.timestamp() < RELEASED:
        yield Finding(
            "problem",
            f"{words}: that is before this doorbell was written",
            "connect it to the network, then `timedatectl`",
        )
    elif machine.is_synchronised():
        yield ok(f"{words}, set by a time server")
    else:
        mend = "`timedatectl` should say that it is synchronized: sudo timedatectl set-ntp true, and a network"
        yield Finding("warning", f"{words}, and no time server has set it since the boot", mend)
    yield _zone(context, here)
    yield _sun(context, here)
    kept = context.seen.quiet.get(context.settings.hub) if context.seen else None
    yield ok((kept or by_schedule(context.settings.quiet, here)).words)


def _zone(context: Context, here: datetime) -> Finding:
    zone, longitude = _zone_name(context.root), context.settings.house.longitude
    offset_h = (here.utcoffset() or here - here).total_seconds() / 3600
    mend = "sudo timedatectl set-timezone Europe/Berlin (`timedatectl list-timezones` has all)"
    if not zone:
        return Finding("warning", "no time zone is set: quiet hours are counted in UTC", mend)
    words = f"time zone {zone} ({here:%Z}, UTC{here.isoformat()[-6:]})"
    if longitude is not None and abs(offset_h - longitude / 15) > OFF_H:
        return Finding(
            "warning",
            f"{words} does not fit longitude {longitude:g}",
            f"{mend}; or mend longitude in [house] (west is negative)",
        )
    return ok(words)


def _zone_name(root: Path) -> str:
    if named := os.environ.get("TZ"):
        return named.removeprefix(":")
    link = root / "etc/localtime"
    if link.is_symlink():
        return str(link.readlink()).partition("zoneinfo/")[2] or str(link.readlink())
    return "in /etc/localtime" if link.exists() else ""


def _sun(context: Context, here: datetime) -> Finding:
    house = context.settings.house
    if house.latitude is None or house.longitude is None:
        return skipped("sunrise and sunset: no latitude and longitude in [house]")
    moves = sun_moves(
        solar_day(here.astimezone(UTC), house.longitude), house.latitude, house.longitude
    )
    told = [f"{name} at {at.astimezone():%H:%M}" for name, at in moves.items()]
    return ok(", ".join(told) or "the sun neither rises nor sets today")


def disk(context: Context) -> Iterator[Finding]:
    """Room for journals and clips, and the card's wear."""
    state = context.settings.state_dir
    record = context.wanted("record")
    media = record.media if record else None
    pace = disks.pace(media, SYSTEM.unix_s()) if media and is_there(media) else 0.0
    shared = media is not None and _device(media) == _device(state)
    yield from disks.space(state, grows_by=pace if shared else 0.0)
    if media is not None and not shared:
        yield from disks.space(media, grows_by=pace)
    yield from disks.wear(context.root)


def machine(context: Context) -> Iterator[Finding]:
    """Power, heat and memory."""
    yield from pi.power(context.root)
    yield pi.temperature(context.root)
    yield from pi.memory(context.root)
    if units.is_booted(context.root):
        yield from pi.limits(context.root)


def permissions(context: Context) -> Iterator[Finding]:
    """Who may read the secrets, whose the state is, and who asks."""
    yield from _secrets(context)
    yield from _ownership(context.settings.state_dir, _unit_user(context.root))
    me = pwd.getpwuid(os.geteuid()).pw_name
    groups = sorted(filter(None, map(_group_name, {os.getegid(), *os.getgroups()})))
    yield ok(
        f"you are {me}, in {', '.join(groups)}"
        + (": root may do everything" if os.geteuid() == 0 else "")
    )


def _secrets(context: Context) -> Iterator[Finding]:
    settings, folder = context.settings, context.settings.broker.password_dir
    keys = [settings.state_dir / KEY_FILE]
    if folder is not None:
        keys += [folder.parent / "ca.key", *(path for path in _files(folder))]
    if context.path != sources.DEMO:
        keys.append(context.path)
    there = [path for path in keys if _mode(path) is not None]
    opened = [
        path
        for path in there
        if (_mode(path) or 0) & credentials.EVERYBODY and not _is_shut_in(path)
    ]
    for path in opened:
        what = "written" if (_mode(path) or 0) & stat.S_IWOTH else "read"
        state: Condition = "warning" if path == context.path and what == "read" else "problem"
        words = f"{path} can be {what} by everybody on this machine, and may hold secrets"
        yield Finding(state, words, f"sudo chmod o= {path}")
    if closed := [
        path
        for path in (folder, settings.state_dir)
        if path and is_there(path) and not os.access(path, os.X_OK)
    ]:
        yield Finding(
            "skipped", f"{closed[0]} may not be looked into by you", "sudo doorbell doctor"
        )
    if there and not opened:
        yield ok(
            f"{', '.join(map(str, there[:SHOWN]))}{' …' * (len(there) > SHOWN)}: not for everybody"
        )
    if not there and not closed:
        yield skipped("no settings file and no passwords here")


def _ownership(folder: Path, runs_as: str | None) -> Iterator[Finding]:
    if not is_there(folder):
        yield skipped(f"{folder} is not there yet, or not for you to see")
        return
    owner = folder.stat().st_uid
    name = _user_name(owner)
    if runs_as is not None and name != runs_as:
        yield Finding(
            "problem",
            f"{folder} belongs to {name}, and the units run as {runs_as}",
            f"sudo chown -R {runs_as}: {folder}",
        )
        return
    strangers = [path for path in _files(folder) if path.stat().st_uid != owner]
    if strangers:
        words = f"{strangers[0]} belongs to {_user_name(strangers[0].stat().st_uid)}, and its folder to {name}"
        yield Finding("problem", words, f"sudo chown -R {name}: {folder}")
    elif (folder.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH)) and not _is_shut_in(folder):
        words = f"{folder}: who rang, and pictures, can be read by everybody on this machine"
        yield Finding("warning", words, f"sudo chmod o= {folder}")
    else:
        yield ok(
            f"{folder} and what is in it belong to {name}"
            + (", as whom the units run" if runs_as else "")
        )


def versions(context: Context) -> Iterator[Finding]:
    """Of everything that matters in a report of a fault."""
    system = (
        platform.freedesktop_os_release().get("PRETTY_NAME", "")
        if Path("/etc/os-release").exists()
        else ""
    )
    yield ok(f"doorbell {_package('doorbell-hub')}, Python {platform.python_version()}")
    found = {name: _package(name) for name in PACKAGES} | {
        name: _debian(package) for name, package in DEBIAN.items()
    }
    yield ok(", ".join(f"{name} {number}" for name, number in found.items() if number))
    if missing := [name for name, number in found.items() if not number]:
        yield skipped(f"not installed here: {', '.join(missing)}")
    where = pi.model(context.root) or f"{platform.machine()}, no Raspberry Pi"
    yield ok(f"{where}; {system or 'an unknown system'}, Linux {platform.release()}")


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _debian(package: str) -> str:
    if shutil.which("dpkg-query") is None:
        return ""
    try:
        return pi.run(["dpkg-query", "-W", "-f", "${Version}", package])
    except (OSError, subprocess.SubprocessError):
        return ""


def _unit_user(root: Path) -> str | None:
    """As whom the hub's unit runs; None where there is none."""
    if not units.is_booted(root):
        return None
    try:
        said = instances.systemctl("show", "--property=LoadState,User", drop_ins.HUB)
    except OrderError:
        return None
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return (told.get("User") or "root") if told.get("LoadState") == "loaded" else None


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []


def _device(path: Path) -> int:
    """The file system on which it lies, or will lie."""
    return nearest(path).stat().st_dev


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def _is_shut_in(path: Path) -> bool:
    """Whether a folder above it lets nobody else in."""
    return any(not (_mode(folder) or 0) & stat.S_IXOTH for folder in path.parents)


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
