"""The doctor's look at the house itself: its settings, its broker and its journals."""

import ipaddress
import os
import socket
from collections.abc import Iterator

from config import Address, Broker
from devices.machine import Finding, Forbidden, fault, ok
from hub.admin.check.house import check
from hub.admin.doctor import broker as broker_probe
from hub.admin.doctor.context import Context
from hub.admin.doctor.home_assistant import probes
from hub.mqtt.connection import credentials
from hub.mqtt.connection.connect_errors import RefusedError, UnresolvedError
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE, Limits
from hub.mqtt.own_broker.address import is_of_a_run
from hub.mqtt.traffic.reminder import REMIND_S
from hub.terminal.words import count

AS_ROOT = "sudo doorbell doctor"
OPEN = (
    "no access control list: every program that reaches this broker may ring, forge events and"
    " replies of any process, and so make a press ring twice or hide one for minutes"
)
CLOSE = "`doorbell secure` writes one for mosquitto: docs/security.md, Step by step"
QOS_0 = (
    "it takes QoS 0 only: a message that gets lost on the way is queried, so a reaction may come a"
    " minute late; a press by `doorbell press`, an answer or a lamp's command may get lost"
)
SMALL_MESSAGES = (
    "it takes {} bytes in one message: larger events stay in their journal, larger pictures are not"
    " published, and the catch-up takes more time"
)
KEEPS_NOTHING = (
    f"it keeps no retained messages: what comes later learns the status of the processes after"
    f" {REMIND_S:.0f} s, and not at all of one that has vanished before"
)
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
    """Whether the command line can log in at each of its addresses, and which broker it is."""
    wanted = context.settings.broker
    silent: list[Finding] = []
    for address in wanted.addresses:
        try:
            seen = broker_probe.look(wanted, address, *probes(context.settings))
        except OSError as error:
            silent.append(_of_error(error, address, context))
            continue
        context.seen = context.seen or seen
        yield from _of_answer(seen, address, wanted)
    for finding in silent:
        is_spare = context.seen is not None and finding.state == "problem"
        yield finding._replace(state="warning") if is_spare else finding


def _of_error(error: OSError, address: Address, context: Context) -> Finding:
    if isinstance(error, RefusedError):
        is_hidden = isinstance(error, credentials.LoginError) and error.is_forbidden
        if context.is_guest and is_hidden:
            return Finding("skipped", f"{address}: {fault(str(error), AS_ROOT).found}", AS_ROOT)
        return fault(
            f"{address}: {error}", "docs/security.md, When it does not connect, says what to do"
        )
    if isinstance(error, UnresolvedError):
        return fault(f"{address}: {error}", "See host in [broker]")
    words = f"no broker at {address}: {error.strerror or error}"
    mend = "`doorbell run` starts one; or set host in [broker]"
    if context.settings.broker.host:
        mend = "`systemctl status mosquitto` shows whether it is running; see host and port in "
        mend += "[broker]"
    return Finding("problem", words, mend)


def _of_answer(seen: broker_probe.Seen, address: Address, wanted: Broker) -> Iterator[Finding]:
    pair = credentials.credentials(wanted, credentials.CLI)
    by = f"as {pair[0]!r}" if pair else "without a login"
    way = "with TLS" if address.tls else "without TLS"
    name = seen.version or "a broker that does not say its name"
    speed = f"answers within {seen.round_trip_ms:.1f} ms"
    yield ok(f"{address}: {name}, MQTT {seen.protocol}, {way}, {by}, {speed}")
    is_own = is_of_a_run(address.port)  # the broker of `doorbell run` is for this machine alone
    if seen.is_open and not (is_own and _is_this_machine(address.host)):
        yield Finding("warning", f"{address}: {OPEN}", CLOSE)
    if pair and not address.tls and not _is_this_machine(address.host):
        mend = (
            "`doorbell secure --host NAME` makes a certificate: docs/security.md, Step by step, 4"
        )
        yield Finding("warning", f"{address}: passwords are not encrypted on the network", mend)
    for lost, mend in _lost_by(seen.limits):
        yield Finding("warning", f"{address}: {lost}", mend)


def _lost_by(limits: Limits) -> Iterator[tuple[str, str]]:
    """What the limits of this broker cost, and how to lift them."""
    if limits.qos == 0:
        yield QOS_0, "allow QoS 1 (mosquitto: leave out max_qos)"
    if not limits.keeps:
        yield KEEPS_NOTHING, "allow retained messages (mosquitto: retain_available true)"
    if limits.packet_limit < MAXIMUM_PACKET_SIZE:
        yield (
            SMALL_MESSAGES.format(limits.packet_limit),
            f"raise the limit to {MAXIMUM_PACKET_SIZE} (mosquitto: max_packet_size)",
        )


def _is_this_machine(host: str) -> bool:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(
        ipaddress.ip_address(str(address).split("%")[0]).is_loopback for address in addresses
    )
