"""The doctor's look at the house itself: its settings, its broker and its journals."""

import ipaddress
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from devices.machine import Finding, Forbidden, duration, fault, is_there, ok, size, skipped
from hub.admin.check.house import check
from hub.admin.doctor import broker as broker_probe
from hub.admin.doctor import state_files
from hub.admin.doctor.context import Context
from hub.mqtt import credentials
from hub.mqtt.connect_errors import RefusedError
from hub.store.file.schema import SCHEMA_VERSION
from hub.system.clock import SYSTEM
from hub.terminal.words import count

FRESH_S = 60.0  # an event may be on its way for so long
PATIENCE_S = 8.0  # for all journals
AS_ROOT = "sudo doorbell doctor"
UPDATE = "update this doorbell"
AGAIN = "look again in a minute; if it stays so, its process's log and `dmesg` say more"
SETTINGS = "mend it in the settings file; docs/settings.md has every setting"
DAMAGED = (
    "stop its process and move the file away: it begins a new one, and what only this file knew is "
    "lost. Replace a card that damages files"
)
ANEW = (
    "a backup has what was in it: `doorbell restore` (docs/backup.md). Without one its process "
    "begins a new file, and what only this file knew is lost"
)


def settings(context: Context) -> Iterator[Finding]:
    """The result of `doorbell check`."""
    if not os.access(context.path, os.R_OK):
        yield Finding("skipped", f"{context.path} may not be read by you", AS_ROOT)
        return
    for one in context.faults:
        yield fault(one, SETTINGS)
    if context.given is None:
        return
    report = check(context.settings, context.path, context.files)
    hidden: list[str] = []
    for one in report.faults:
        if context.is_guest and isinstance(one, Forbidden):
            hidden.append(one)
        else:
            yield fault(one, SETTINGS)
    if hidden:
        first = fault(hidden[0], AS_ROOT).found
        words = f"{count(len(hidden), 'thing')} that you may not see, like: {first}"
        yield Finding("skipped", words, AS_ROOT)
    doors = count(len(context.settings.doors), "door")
    files = count(len(report.good), "handler file")
    if not (context.faults or report.faults):
        yield ok(f"{context.path}: {doors}, {files}")


def broker(context: Context) -> Iterator[Finding]:
    """Whether the command line can log in to it, and which broker it is."""
    wanted = context.settings.broker
    address = f"{wanted.host or '127.0.0.1'}:{wanted.port}"
    try:
        context.seen = seen = broker_probe.look(wanted)
    except RefusedError as error:
        is_hidden = isinstance(error, credentials.LoginError) and error.is_forbidden
        if context.is_guest and is_hidden:
            yield Finding("skipped", f"{address}: {fault(str(error), AS_ROOT).found}", AS_ROOT)
        else:
            yield fault(
                f"{address}: {error}", "docs/security.md, When it does not connect, says what to do"
            )
        return
    except OSError as error:
        words = f"no broker at {address}: {error.strerror or error}"
        mend = "`doorbell run` starts one; or set host in [broker]"
        if wanted.host:
            mend = "`systemctl status mosquitto` shows whether it is running; see host and port in "
            mend += "[broker]"
        yield Finding("problem", words, mend)
        return
    pair = credentials.credentials(wanted, credentials.CLI)
    by = f"as {pair[0]!r}" if pair else "without a login"
    way = "with TLS" if wanted.encrypted else "without TLS"
    name = seen.version or "a broker that does not say its name"
    speed = f"answers within {seen.round_trip_ms:.1f} ms"
    yield ok(f"{address}: {name}, MQTT {seen.protocol}, {way}, {by}, {speed}")
    if pair and not wanted.encrypted and not _is_this_machine(wanted.host or "127.0.0.1"):
        mend = (
            "`doorbell secure --host NAME` makes a certificate: docs/security.md, Step by step, 4"
        )
        yield Finding("warning", f"{address}: passwords are not encrypted on the network", mend)


def journals(context: Context) -> Iterator[Finding]:
    """Whether each state file is sound, and which events and dead letters wait in it."""
    folder = context.settings.state_dir
    if context.is_guest and not os.access(folder, os.R_OK | os.X_OK):
        yield Finding("skipped", f"{folder} may not be read by you", AS_ROOT)
        return
    if not is_there(folder):
        yield skipped(f"{folder} does not exist: nothing has run here yet")
        return
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        words = f"{folder} is on a disk that is mounted read-only: nothing can be stored"
        mend = "`dmesg` says why: a failing card is mounted so. Back up to another disk, replace it"
        yield Finding("problem", words, mend)
    files = sorted(folder.glob("*.db"))
    if not files:
        yield skipped(f"{folder}: no state files: nothing has run here yet")
    until_s = time.monotonic() + PATIENCE_S
    knows: set[str] = set()
    for path in files:
        try:
            book = state_files.look(path, until_s)
            knows |= book.hubs
            yield from _book(path.name, book)
        except state_files.LargeBookError:
            yield skipped(
                f"{path.name}: {size(path.stat().st_size)} are too much to be read within {PATIENCE_S:g} s"
            )
        except state_files.BookError as error:
            yield _unreadable(path, error)
    own = folder / f"hub-{context.settings.hub}.db"
    if context.settings.hub in knows and not own.exists():
        yield Finding("problem", f"{own}: gone, although others have events of this hub", ANEW)


def _unreadable(path: Path, error: state_files.BookError) -> Finding:
    """SQLite must be able to write beside a file to read it, while nobody runs on it."""
    if isinstance(error, state_files.DamagedBookError):
        return Finding("problem", f"{path}: {error}", DAMAGED)
    if not (os.access(path, os.R_OK) and os.access(path.parent, os.W_OK)):
        return Finding("skipped", f"{path} may not be read by you ({error})", AS_ROOT)
    if isinstance(error, state_files.NewerBookError):
        return Finding("problem", f"{path}: {error}", UPDATE)
    return Finding("problem", f"{path}: {error}", AGAIN)


def _book(name: str, book: state_files.Book) -> Iterator[Finding]:
    if book.damage:
        yield Finding("problem", f"{name}: damaged: {book.damage}", DAMAGED)
        return
    if not book.schema:
        yield Finding("problem", f"{name}: empty", ANEW)
        return
    version = f"schema {book.schema}"
    if book.schema != SCHEMA_VERSION:
        version += f" (its process upgrades it to {SCHEMA_VERSION})"
    words = f"{name}: sound, {size(book.bytes)}, {version}, {count(book.events, 'event')}"
    age_s = SYSTEM.unix_s() - book.oldest_unix_s if book.oldest_unix_s is not None else 0.0
    if age_s > FRESH_S:
        number = count(book.unpublished, "event")
        waiting = f"{number} that no broker has acknowledged, the oldest {duration(age_s)} old"
        mend = "they are published as soon as its process and the broker are running: see there"
        yield Finding("warning", f"{words}, {waiting}", mend)
    else:
        yield ok(words)
    if book.dead:
        mend = (
            "`doorbell dead-letters list` shows them; `doorbell dead-letters retry --all` retries"
        )
        yield Finding("warning", f"{name}: {count(book.dead, 'dead letter')}", mend)


def _is_this_machine(host: str) -> bool:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(
        ipaddress.ip_address(str(address).split("%")[0]).is_loopback for address in addresses
    )
