"""The doctor's look at the house itself: its settings, its broker, its processes and their journals."""

import ipaddress
import os
import socket
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.finding import Finding, duration, fault, ok, size, skipped
from hub import books, instances, loader, login, probe, topics, units
from hub.check import check
from hub.clock import SYSTEM
from hub.options import count
from hub.patient import Patient
from hub.refusal import RefusedError
from hub.state import SCHEMA_VERSION

WATCHER = "doorbell-handlers.path"  # notices handler files that come, change and go
FRESH_S = 60.0  # an event may be on its way for so long
PATIENCE_S = 8.0  # for all journals
AS_ROOT = "sudo doorbell doctor"
NO_RIGHTS = ("Permission denied", "by you")
UPDATE = "update this doorbell"
AGAIN = "look again in a minute; if it stays so, its process's log and `dmesg` say more"
SETTINGS = "mend it in the settings file; docs/settings.md has every setting"
DAMAGED = (
    "stop its process and move the file away: it begins a new one, and what only this file knew is lost. "
    "A card that damages files wants to be replaced"
)


def settings(patient: Patient) -> Iterator[Finding]:
    """What `doorbell check` says."""
    for one in patient.faults:
        yield fault(one, SETTINGS)
    if patient.given is None:
        return
    report = check(patient.settings, patient.path)
    for one in report.faults:
        found = fault(one, SETTINGS)
        if patient.is_guest and any(words in one for words in NO_RIGHTS):
            found = Finding("skipped", f"you may not see all of it: {found.found}", AS_ROOT)
        yield found
    doors = count(len(patient.settings.doors), "door")
    files = count(len(report.good), "handler file")
    if not (patient.faults or report.faults):
        yield ok(f"{patient.path}: {doors}, {files}")


def broker(patient: Patient) -> Iterator[Finding]:
    """Whether it can be reached with the command line's login, and who it is."""
    wanted = patient.settings.broker
    address = f"{wanted.host or '127.0.0.1'}:{wanted.port}"
    try:
        patient.seen = seen = probe.look(wanted)
    except RefusedError as error:
        yield fault(f"{address}: {error}", "docs/security.md, When it does not connect, says what to do")
        return
    except OSError as error:
        words = f"no broker at {address}: {error.strerror or error}"
        own = "`systemctl status mosquitto` says whether it runs; host and port in [broker] say where it is looked for"
        yield Finding(
            "problem", words, own if wanted.host else "`doorbell run` brings one along; or set host in [broker]"
        )
        return
    by = f"as {pair[0]!r}" if (pair := login.credentials(wanted, login.CLI)) else "without a login"
    way = "with TLS" if wanted.encrypted else "without TLS"
    name = seen.version or "a broker that does not say its name"
    yield ok(f"{address}: {name}, MQTT {seen.protocol}, {way}, {by}, answers within {seen.round_trip_ms:.1f} ms")
    if pair and not wanted.encrypted and not _is_this_machine(wanted.host or "127.0.0.1"):
        mend = "docs/security.md, Step by step, 4: `doorbell secure --host NAME` makes a certificate"
        yield Finding("warning", f"{address}: passwords go through the network in clear", mend)


def processes(patient: Patient) -> Iterator[Finding]:
    """How hub, page and handlers say that they are, and what systemd thinks of it."""
    is_booted = units.is_booted(patient.root)
    known = units.states("doorbell-*") if is_booted else {}
    if not is_booted:
        yield skipped("systemd does not run here: what it starts cannot be asked for")
    if patient.seen is None:
        yield skipped("how they say that they are, the broker keeps, and it cannot be asked")
    wanted = {"hub": (patient.hub, instances.HUB)}
    if patient.settings.web.url:
        wanted["web"] = (topics.source("web", patient.settings.hub), instances.WEB)
    for name in sorted(loader.find(patient.settings)):
        config = patient.reactions.get(name)
        if config is not None and not config.enabled:
            yield skipped(f"{name}: switched off by its settings")
        else:
            wanted[name] = (topics.source("handler", name), instances.UNIT.format(name))
    if WATCHER in known:
        yield from _unit("handler files", WATCHER, *known[WATCHER])
    for name, (source, unit) in wanted.items():
        if unit in known:
            yield from _unit(name, unit, *known[unit], alone=patient.seen is None)
        if patient.seen is not None:
            yield _process(name, unit if is_booted else "", patient.status(source), patient)


def _unit(name: str, unit: str, active: str, words: str, *, alone: bool = True) -> Iterator[Finding]:
    """What is well only where the process itself cannot be asked."""
    words = f"{name}: systemd: {active} ({words})"
    if active == "inactive":
        yield Finding("warning", words, f"sudo systemctl start {unit}")
    elif active != "active":
        yield Finding("problem" if active == "failed" else "warning", words, f"`journalctl -eu {unit}` says why")
    elif alone:
        yield ok(words)


def _process(name: str, unit: str, status: Mapping[str, Any], patient: Patient) -> Finding:
    state, reason = str(status.get("state", "")), " ".join(str(status.get("reason") or "").split())
    start = f"sudo systemctl start {unit}" if unit else "`doorbell run` starts everything"
    log = f"`journalctl -eu {unit}` says more" if unit else "its log says more"
    if state == "ready" and not patient.is_here(status):
        words = f"{name}: said {_when(status)} that it is ready, and is not among this machine's processes"
        return Finding("warning", words, f"if it is on another machine, all is well; else {start}")
    if state == "ready" and not reason:
        return ok(f"{name}: ready, as it said {_when(status)}, process {status.get('pid')}")
    return _unready(name, state, reason, start, log)


def _when(status: Mapping[str, Any]) -> str:
    """By the local clock."""
    try:
        return f"at {datetime.fromisoformat(str(status.get('time'))).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return "once"


def _unready(name: str, state: str, reason: str, start: str, log: str) -> Finding:
    if not state:
        return Finding("problem", f"{name}: has never told this broker how it is", start)
    if state == "offline" and reason.startswith("switched off"):
        return skipped(f"{name}: switched off by its settings")
    if state == "offline":
        return Finding("problem", f"{name}: offline: {reason}", f"{start}; {log}")
    words = ": ".join(filter(None, (name, state, reason)))
    return fault(words, log, "problem" if state == "failed" else "warning")


def journals(patient: Patient) -> Iterator[Finding]:
    """Whether each state file is sound, and what waits in it."""
    folder = patient.settings.state_dir
    if not folder.exists():
        yield skipped(f"{folder} is not there: nothing has run here yet")
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        yield Finding("skipped", f"{folder} may not be read by you", AS_ROOT)
        return
    files = sorted(folder.glob("*.db"))
    if not files:
        yield skipped(f"{folder}: no state files: nothing has run here yet")
    until_s = time.monotonic() + PATIENCE_S
    for path in files:
        try:
            yield from _book(path.name, books.look(path, until_s))
        except books.LargeBookError:
            yield skipped(f"{path.name}: {size(path.stat().st_size)} are too much to be read within {PATIENCE_S:g} s")
        except books.BookError as error:
            yield _unreadable(path, str(error))


def _unreadable(path: Path, error: str) -> Finding:
    """SQLite must be able to write beside a file to read it, while nobody runs on it."""
    is_damaged = "malformed" in error or "not a database" in error
    if not is_damaged and not (os.access(path, os.R_OK) and os.access(path.parent, os.W_OK)):
        return Finding("skipped", f"{path} may not be read by you ({error})", AS_ROOT)
    return Finding("problem", f"{path}: {error}", DAMAGED if is_damaged else UPDATE if "newer" in error else AGAIN)


def _book(name: str, book: books.Book) -> Iterator[Finding]:
    if book.damage:
        yield Finding("problem", f"{name}: damaged: {book.damage}", DAMAGED)
        return
    version = "" if book.schema == SCHEMA_VERSION else f" (its process brings it to {SCHEMA_VERSION})"
    words = f"{name}: sound, {size(book.bytes)}, schema {book.schema}{version}, {count(book.events, 'event')}"
    age_s = SYSTEM.unix_s() - book.oldest_unix_s if book.oldest_unix_s is not None else 0.0
    if age_s > FRESH_S:
        waiting = (
            f"{count(book.unpublished, 'event')} that no broker has acknowledged, the oldest {duration(age_s)} old"
        )
        mend = "they go out by themselves as soon as its process and the broker run: see there"
        yield Finding("warning", f"{words}, {waiting}", mend)
    else:
        yield ok(words)
    if book.dead:
        mend = "`doorbell dead list` says which and why; `doorbell dead again --all` tries them once more"
        yield Finding("warning", f"{name}: {count(book.dead, 'dead letter')}", mend)


def _is_this_machine(host: str) -> bool:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address).split("%")[0]).is_loopback for address in addresses)
