"""The doctor's look at permissions: who may read the secrets, and whose the state is."""

import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from config import SettingsError
from config.places import INSTALLED
from config.reading import sources
from devices.machine import Condition, Finding, is_there, ok, skipped
from hub.admin.doctor.context import Context
from hub.admin.install import drop_ins, units
from hub.admin.install.orders import OrderError, systemctl
from hub.admin.security import acl, credentials_folder
from hub.mqtt.connection import credentials
from hub.store.own_folders import are_apart, own_folders
from hub.system.files.folder_owner import user_name
from hub.terminal.words import count
from hub.wire.tokens.house_key import KEY_FILE

SHOWN = 3  # files that are named
BROKERS_LIST = "etc/mosquitto/doorbell/acl"
RENEW = "`sudo doorbell install`; by hand `doorbell secure`, and docs/security.md, step 2"


def permissions(context: Context) -> Iterator[Finding]:
    """Who may read the secrets, whose the state is, and as whom the doctor runs."""
    yield from _secrets(context)
    yield from _rights(context)
    house = context.settings.house_dir
    if are_apart(house):
        yield from _own_folders(house)
    else:
        yield from _ownership(house, _unit_user(context.root))
    me = user_name(os.geteuid())
    groups = sorted(filter(None, map(_group_name, {os.getegid(), *os.getgroups()})))
    rights = ": root may do everything" if os.geteuid() == 0 else ""
    yield ok(f"you are {me} (groups: {', '.join(groups)}){rights}")


def _secrets(context: Context) -> Iterator[Finding]:
    present = [path for path in _secret_files(context) if _mode(path)]
    opened = [path for path in present if _is_open(path)]
    for path in opened:
        verb = "write" if _mode(path) & stat.S_IWOTH else "read"
        state: Condition = "problem"
        if path == context.path and verb == "read":
            state = "warning"
        words = f"every user of this machine can {verb} {path}, which may hold secrets"
        yield Finding(state, words, f"sudo chmod o= {path}")
    settings = context.settings
    folders = [folder for folder in (settings.broker.password_dir, settings.state_dir) if folder]
    closed = [path for path in folders if is_there(path) and not os.access(path, os.X_OK)]
    if closed:
        yield Finding("skipped", f"you may not look into {closed[0]}", "sudo doorbell doctor")
    if present and not opened:
        names = ", ".join(map(str, present[:SHOWN]))
        more = " …" if len(present) > SHOWN else ""
        yield ok(f"{names}{more}: closed to other users")
    if not present and not closed:
        yield skipped("no settings file and no passwords here")


def _rights(context: Context) -> Iterator[Finding]:
    """Whether the broker's access control list is that of this version and of these settings."""
    settings = context.settings
    if settings.broker.password_dir is None or settings.broker.username is not None:
        return
    folder = settings.broker.password_dir.parent
    lists = [folder / "mosquitto/acl"]
    if context.path == INSTALLED:
        lists.append(context.root / BROKERS_LIST)
    for path in lists:
        try:
            wanted = credentials_folder.acl_text(settings, folder)
            lacking = acl.lacking(path.read_text(encoding="utf-8", errors="replace"), wanted)
        except OSError:
            continue  # it is not there, or may not be seen
        except SettingsError as error:
            yield from (Finding("problem", fault, RENEW) for fault in error.faults)
            return
        if lacking:
            words = f"{path} lacks {count(len(lacking), 'right')}, such as {lacking[0]}"
            yield Finding("warning", words, RENEW)


def _secret_files(context: Context) -> Iterator[Path]:
    """The files that may hold secrets."""
    settings = context.settings
    yield settings.house_dir / KEY_FILE
    folder = settings.broker.password_dir
    if folder is not None:
        yield folder.parent / "ca.key"
        yield from _files(folder)
    if context.path != sources.DEMO:
        yield context.path


def _is_open(path: Path) -> bool:
    """Whether users that have nothing to do with doorbell can reach and use the file."""
    return bool(_mode(path) & credentials.EVERYBODY) and not _is_shut_in(path)


def _ownership(folder: Path, runs_as: str | None) -> Iterator[Finding]:
    if not is_there(folder):
        yield skipped(f"{folder} does not exist yet, or you may not see it")
        return
    facts = folder.stat()
    owner = user_name(facts.st_uid)
    if runs_as is not None and owner != runs_as:
        words = f"{folder} belongs to {owner}, and the units run as {runs_as}"
        yield Finding("problem", words, f"sudo chown -R {runs_as}: {folder}")
        return
    strangers = [path for path in _files(folder) if path.stat().st_uid != facts.st_uid]
    if strangers:
        other = user_name(strangers[0].stat().st_uid)
        words = f"{strangers[0]} belongs to {other}, and its folder to {owner}"
        yield Finding("problem", words, f"sudo chown -R {owner}: {folder}")
    elif facts.st_mode & (stat.S_IROTH | stat.S_IXOTH) and not _is_shut_in(folder):
        words = f"every user of this machine can read {folder}: presses and pictures"
        yield Finding("warning", words, f"sudo chmod o= {folder}")
    else:
        units_too = ", as whom the units run" if runs_as else ""
        yield ok(f"{folder} and its content belong to {owner}{units_too}")


def _own_folders(house: Path) -> Iterator[Finding]:
    """Whether root alone decides in the house's folder, and nobody looks into a process's own."""
    opened = [
        folder
        for folder in (house, *own_folders(house).values())
        if _mode(folder) & (stat.S_IWGRP | stat.S_IRWXO) and not _is_shut_in(folder.resolve())
    ]
    if house.stat().st_uid != 0:
        words = f"{house} belongs to {user_name(house.stat().st_uid)}, and not to root"
        yield Finding("problem", words, "sudo doorbell install")
    elif opened:
        words = f"other users of this machine can look into {opened[0]}"
        yield Finding("warning", words, f"sudo chmod g-w,o= {opened[0]}")
    elif lying := sorted(house.glob("*.db")):
        words = f"{lying[0]} lies in the house's folder, and not in that of its process"
        yield Finding("problem", words, "sudo doorbell install")
    else:
        yield ok(f"{house} belongs to root, with a folder for each process that nobody else sees")


def _unit_user(root: Path) -> str | None:
    """The user that the hub's unit runs as; None where there is no such unit."""
    if not units.is_booted(root):
        return None
    try:
        answer = systemctl("show", "--property=LoadState,User", drop_ins.HUB)
    except OrderError:
        return None
    facts = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    return (facts.get("User") or "root") if facts.get("LoadState") == "loaded" else None


def _files(folder: Path) -> list[Path]:
    """The files in a folder; none where it may not be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []


def _mode(path: Path) -> int:
    """Type and permissions of a file; 0 where it is not there, or may not be seen."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _is_shut_in(path: Path) -> bool:
    """Whether a folder above it keeps other users out."""
    return any(not _mode(folder) & stat.S_IXOTH for folder in path.parents)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
