"""A broker's address, in the forms in which people write it."""

import re
from ipaddress import IPv6Address
from typing import NamedTuple

PLAIN_PORT = 1883
SCHEMES = {  # with TLS or not, WebSockets or not, and the usual port
    "mqtt": (False, False, None),
    "tcp": (False, False, None),
    "mqtts": (True, False, 8883),
    "ssl": (True, False, 8883),
    "ws": (False, True, 80),
    "wss": (True, True, 443),
}
USUAL_PATH = "/mqtt"  # of WebSockets: EMQX, HiveMQ, VerneMQ; mosquitto takes any
IN_BRACKETS = re.compile(r"\[([^]]*)\](?::(.*))?")
STRANGE = re.compile(r"[^\w.%:-]")
HIGHEST_PORT = 65_535


class Address(NamedTuple):
    """Where a broker listens, and how it is spoken to.

    Attributes:
        host: A name or an address.
        port: Of TCP.
        tls: Whether the connection is encrypted.
        path: Of WebSockets, with its slash; None without WebSockets.
    """

    host: str
    port: int
    tls: bool = False
    path: str | None = None

    @property
    def is_websocket(self) -> bool:
        """Whether MQTT is spoken over WebSockets."""
        return self.path is not None

    def __str__(self) -> str:
        host = self.host
        if ":" in host:
            host = f"[{host}]"
        if self.path is None:
            return f"{host}:{self.port}"
        scheme = "ws"
        if self.tls:
            scheme = "wss"
        return f"{scheme}://{host}:{self.port}{self.path}"


def parse(text: str, port: int | None = None, *, tls: bool = False) -> Address:
    """Read `localhost`, `h:1883`, `[::1]:1883`, `mqtts://h`, `wss://h/mqtt`.

    Args:
        text: The address as it was written.
        port: The one that holds where the address names none.
        tls: Whether the connection is encrypted even if the address does not say so.

    Raises:
        ValueError: it cannot be meant; the text says what to write, and shows no password.
    """
    scheme, separator, rest = text.strip().rpartition("://")
    if separator and scheme.lower() not in SCHEMES:
        raise ValueError(
            "not the address of a broker. Write mqtt://, mqtts://, ws:// or wss:// before it, or"
            " nothing"
        )
    if "@" in rest:
        raise ValueError(
            "a login is in it. Write name and password to username and password in [broker]"
        )
    if "," in rest:
        raise ValueError('more than one address. Write them as a list: ["one", "two"]')
    secure, is_websocket, usual_port = SCHEMES[scheme.lower() or "mqtt"]
    authority, slash, path = rest.partition("/")
    if path and not is_websocket:
        raise ValueError("a path is in it. Only ws:// and wss:// have one: leave it out")
    host, own_port = _host_and_port(authority)
    return Address(
        host,
        own_port or port or usual_port or PLAIN_PORT,
        secure or tls,
        (slash + path or USUAL_PATH) if is_websocket else None,
    )


def names_port(text: str) -> bool:
    """Whether an address that can be read says its port itself."""
    return _host_and_port(text.strip().rpartition("://")[2].partition("/")[0])[1] is not None


def _host_and_port(authority: str) -> tuple[str, int | None]:
    port: str | None = None
    if bracketed := IN_BRACKETS.fullmatch(authority):
        host, port = bracketed[1], bracketed[2]
        _check_ipv6(host)
    elif authority.count(":") > 1:
        host = authority
        _check_ipv6(host)
    elif ":" in authority:
        host, port = authority.split(":")
    else:
        host = authority
    if not host:
        raise ValueError("no name or address is in it. Write one, like localhost or [::1]:1883")
    if STRANGE.search(host) or not _is_resolvable(host):
        raise ValueError(
            "not a name or address. Write one, like localhost, 192.168.1.5, [::1]:1883 or"
            " mqtts://broker.example.org"
        )
    return host, None if port is None else _port(port)


def _is_resolvable(host: str) -> bool:
    """Whether Python can ask for it: `a..b` is no name."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _check_ipv6(host: str) -> None:
    try:
        IPv6Address(host)
    except ValueError:
        raise ValueError(
            "not an IPv6 address. Write one like ::1, or [::1]:1883 with a port"
        ) from None


def _port(text: str) -> int:
    is_short = len(text) <= len(str(HIGHEST_PORT))
    if not (is_short and text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise ValueError(f"its port must be a number from 1 to {HIGHEST_PORT}")
    return int(text)
