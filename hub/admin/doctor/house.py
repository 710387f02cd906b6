"""The doctor's look at the house itself: its settings, its broker and its journals."""

import ipaddress
import os
import socket
from collections.abc import Iterator

from devices.machine import Finding, Forbidden, fault, ok
from hub.admin.check.house import check
from hub.admin.doctor import broker as broker_probe
from hub.admin.doctor.context import Context
from hub.mqtt.connection import credentials
from hub.mqtt.connection.connect_errors import RefusedError
from hub.terminal.words import count

AS_ROOT = "sudo doorbell doctor"
OPEN = (
    "no access control list: every program that reaches this broker may ring, forge events and"
    " replies of any process, and so make a press ring twice or hide one for minutes"
)
CLOSE = "`doorbell secure` writes one for mosquitto: docs/security.md, Step by step"
SETTINGS = "mend it in the settings file; docs/settings.md has every setting"


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
    if seen.is_open and wanted.host:  # the embedded broker listens on this machine alone
        yield Finding("warning", f"{address}: {OPEN}", CLOSE)
    if pair and not wanted.encrypted and not _is_this_machine(wanted.host or "127.0.0.1"):
        mend = (
            "`doorbell secure --host NAME` makes a certificate: docs/security.md, Step by step, 4"
        )
        yield Finding("warning", f"{address}: passwords are not encrypted on the network", mend)


def _is_this_machine(host: str) -> bool:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(
        ipaddress.ip_address(str(address).split("%")[0]).is_loopback for address in addresses
    )
