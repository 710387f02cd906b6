"""Which @ of a camera's address ends its login: people write passwords as they are."""

import re
from typing import NamedTuple

HOST = re.compile(
    r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:(?P<port>\d{1,5}))?(?=[/?#]|$)", re.IGNORECASE
)
NUMBER = re.compile(r"[\d.]+(:|$)|\[")
LOWEST_PORT = 80  # of a camera; `admin:12/34@cam` begins with a password


class Reading(NamedTuple):
    """One thing that an address can mean.

    Attributes:
        login: User and password as they are written; None if there are none.
        host: The host, with its port if there is one.
        path: Path and query, each as it is written.
    """

    login: str | None
    host: str
    path: str

    @property
    def is_numbered(self) -> bool:
        """Whether the host has a dot, a port or brackets, which parts of a password seldom have."""
        return bool(re.search(r"[.:\[]", self.host))

    @property
    def is_clear(self) -> bool:
        """Whether no later @ can end the login: this is a host, and not `user:1234`."""
        if self.path.startswith("#"):
            return False
        if self.login is None:
            return ":" not in self.host or bool(re.search(r"[.\[]", self.host))
        return self.is_numbered

    @property
    def may_go_on(self) -> bool:
        """Whether what is read as the path may be the rest of a password."""
        between, at, _ = self.path.partition("@")
        if not at or NUMBER.match(self.host):
            return False
        return self.login is not None or not (self.is_clear or _is_query(between))

    def is_rival_of(self, first: "Reading") -> bool:
        """Whether this can be meant, though another host stands before it.

        What stands in a query (`?mail=me@example.org`), or ends a path (`/cam@1`), is no host.
        """
        between = first.path.removesuffix(f"@{self.host}{self.path}")
        if "?" in between:
            return not _is_query(between)
        return self.is_numbered or bool(self.path)


def readings(rest: str) -> list[Reading]:
    """What an address can mean, by its order: nothing, one thing, or more if it is ambiguous.

    By RFC 3986 the login ends at the last @ before the first of `/?#`. A password that is not
    encoded may contain these: so each @ may end it that has a host behind it.

    Args:
        rest: The address behind `://`.
    """
    found: list[Reading] = []
    for place in [-1, *(match.start() for match in re.finditer("@", rest))]:
        reading = _read(rest, place)
        if reading is None or (found and not reading.is_rival_of(found[0])):
            continue
        found.append(reading)
        if reading.is_clear:
            break
    return found


def likeliest(found: list[Reading]) -> Reading:
    """The last one with a dot or a port; else the first one, which is that of RFC 3986."""
    return found[-1] if found[-1].is_numbered else found[0]


def _read(rest: str, place: int) -> Reading | None:
    """The reading in which the login ends at this place (-1: there is none)."""
    host = HOST.match(rest[place + 1 :])
    if not host:
        return None
    login = None if place < 0 else rest[:place]
    reading = Reading(login, host[0], rest[place + 1 + host.end() :])
    is_of_password = reading.path.startswith("#") and not re.search(r"[.\[]", reading.host)
    if login is None and int(host["port"] or LOWEST_PORT) < LOWEST_PORT:
        is_of_password = True
    return None if is_of_password and "@" in reading.path else reading


def _is_query(between: str) -> bool:
    return "=" in between.partition("?")[2]
