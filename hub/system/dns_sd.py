"""Asks the local network which programs offer a service: DNS-SD (RFC 6763) over mDNS (RFC 6762).

One question and what comes back, by a one-shot query (RFC 6762, 5.1): for a command that a person
runs now and then, a library would be one more dependency.
"""

import re
import select
import socket
import struct
import time
from collections.abc import Iterator

GROUP = ("224.0.0.251", 5353)
POINTER = 12  # RFC 1035, 3.2.2
INTERNET = 1  # RFC 1035, 3.2.4
UNICAST_REPLY = 0x8000  # RFC 6762, 5.4
KEY = re.compile(rb"(?s)(.)([a-z_]+)=")  # each text of a TXT record begins with its length
LARGEST = 9000  # bytes; RFC 6762, 17


def find(service: str, wait_s: float, group: tuple[str, int] = GROUP) -> Iterator[dict[str, str]]:
    """Ask, and yield the facts of each program from the TXT record of its reply.

    Args:
        service: Like `_home-assistant._tcp.local`.
        wait_s: For how long replies are awaited, in seconds.
        group: The address that is asked.

    Raises:
        OSError: there is no network to ask.
    """
    known: list[dict[str, str]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        asked.sendto(_question(service), group)
        until_s = time.monotonic() + wait_s
        while (left_s := until_s - time.monotonic()) > 0:
            if not select.select([asked], [], [], left_s)[0]:
                break
            facts = dict(_facts(asked.recv(LARGEST)))
            if facts and facts not in known:
                known.append(facts)
                yield facts


def _question(service: str) -> bytes:
    labels = (label.encode() for label in service.split("."))
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = struct.pack("!6H", 0, 0, 1, 0, 0, 0)
    return head + name + struct.pack("!2H", POINTER, INTERNET | UNICAST_REPLY)


def _facts(reply: bytes) -> Iterator[tuple[str, str]]:
    for fact in KEY.finditer(reply):
        end = fact.start() + 1 + fact[1][0]
        if fact.end() <= end <= len(reply):
            yield fact[2].decode(), reply[fact.end() : end].decode(errors="replace")
