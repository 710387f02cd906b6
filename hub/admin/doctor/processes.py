"""The doctor's look at hub, page and handlers: the status of each, and its state in systemd."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from devices.machine import Finding, fault, ok, skipped
from hub.admin.doctor.context import Context
from hub.admin.install import drop_ins, units
from hub.plugin import loader
from hub.system.processes import installed_unix_s, is_outdated
from hub.wire import topics
from hub.wire.retained.status import Status

WATCHER = "doorbell-handlers.path"  # watches handler files and settings


def processes(context: Context) -> Iterator[Finding]:
    """The status of hub, page and handlers, and the state of their units."""
    is_booted = units.is_booted(context.root)
    known = units.states("doorbell-*") if is_booted else {}
    if not is_booted:
        yield skipped("systemd is not running here, so units cannot be checked")
    elif not known:
        yield skipped("systemd has no units of doorbell: only `doorbell run` starts it")
    if context.seen is None:
        yield skipped("the broker keeps their status, and cannot be asked")
    if WATCHER in known:
        yield from _unit("handler files", WATCHER, *known[WATCHER])
    for name, source, unit in _wanted(context):
        if not unit:
            yield _off(name)
            continue
        if unit in known:
            yield from _unit(name, unit, *known[unit], alone=context.seen is None)
        if context.seen is not None:
            yield _process(name, unit if is_booted else "", source, context)


def _wanted(context: Context) -> Iterator[tuple[str, str, str]]:
    """Name, source and unit of each; the unit is empty where it is switched off."""
    yield "hub", context.hub, drop_ins.HUB
    if context.settings.web.is_wanted:
        yield "web", topics.source("web", context.settings.hub), drop_ins.WEB
    for name in sorted(loader.find(context.settings)):
        config = context.reactions.get(name)
        is_off = config is not None and not config.enabled
        yield name, topics.source("handler", name), "" if is_off else drop_ins.UNIT.format(name)


def _off(name: str) -> Finding:
    return skipped(f"{name}: switched off by its settings")


def _unit(
    name: str, unit: str, active: str, words: str, *, alone: bool = True
) -> Iterator[Finding]:
    """A unit's state; an active one is reported only where there is no status of its process."""
    words = f"{name}: systemd: {active} ({words})"
    why = f"`journalctl -eu {unit}` says why"
    if active == "inactive":
        yield Finding("warning", words, f"sudo systemctl start {unit}")
    elif active == "failed":
        yield Finding("problem", words, why)
    elif active != "active":
        yield Finding("warning", words, why)
    elif alone:
        yield ok(words)


def _process(name: str, unit: str, source: str, context: Context) -> Finding:
    status = context.status(source)
    start = f"sudo systemctl start {unit}" if unit else "`doorbell run` starts everything"
    log = f"`journalctl -eu {unit}` says more" if unit else "its log says more"
    if status is None:
        return Finding("problem", f"{name}: has never published its status on this broker", start)
    if status.state != "ready":
        return _unready(name, status, start, log)
    if not context.is_here(source):
        words = f"{name}: ready (status of {_when(status)}), but not among this machine's processes"
        return Finding("warning", words, f"if it is on another machine, all is well; else {start}")
    if not status.words and is_outdated(status.pid or 0, installed_unix_s(), context.root):
        words = f"{name}: ready, but it began before this doorbell was installed"
        restart = "end `doorbell run`, and start it again"
        if unit:
            restart = "sudo systemctl restart doorbell.target"
        return Finding("warning", words, restart)
    return _ready(name, status, log)


def _ready(name: str, status: Status, log: str) -> Finding:
    if not status.words:
        return ok(f"{name}: ready (status of {_when(status)}), process {status.pid}")
    if status.reason == "private":
        return ok(f"{name}: ready; {status.words}")
    return fault(f"{name}: {status.line}", log, "warning")


def _when(status: Status) -> str:
    """When the status was published, by the local clock."""
    try:
        time = datetime.fromisoformat(status.time or "").astimezone()
    except (ValueError, OverflowError):
        return "an unknown time"
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _unready(name: str, status: Status, start: str, log: str) -> Finding:
    if status.state == "offline" and status.reason == "disabled":
        return _off(name)
    if status.state == "offline":
        return Finding("problem", f"{name}: {status.line}", f"{start}; {log}")
    severity: Literal["problem", "warning"] = "problem" if status.state == "failed" else "warning"
    return fault(f"{name}: {status.line}", log, severity)
