"""Camera addresses: as people write them, and without their passwords for logs and statuses."""

import re
from urllib.parse import quote

LOGIN = re.compile(r"(?<=://)\S*@")  # up to the last @, because a password may contain a slash
QUERY = re.compile(r"(\w://[^/\s?]+[/?])\S*[=&?]\S*")
SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "udp", "tcp", "rtp", "srt")
HOST = r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?"
PLAIN = re.compile(rf"{HOST}(?=[/?#]|$)", re.IGNORECASE)
HOST_AT_END = re.compile(rf"(?P<host>{HOST})(?P<path>([/?].*)?)", re.IGNORECASE)
# What cannot stand in a login that is percent-encoded already.
UNENCODED = re.compile(r"[#/?@\s]|%(?![0-9A-Fa-f]{2})")
HARMLESS = "!$&'()*+,;=-._~:"


def without_password(text: str, mask: str = "") -> str:
    """Remove the secrets from each address in a text: `rtsp://host:554/…`.

    They can be before the host, in the path or in the query.

    Args:
        text: An address, or a sentence that contains addresses.
        mask: What replaces a login, before the `@`. Without a mask nothing of the login is shown.
    """
    login = f"{mask}@" if mask else ""
    return QUERY.sub(r"\1…", LOGIN.sub(login, text))


def plain_address(name: str) -> str:
    """An address as programs want it: its scheme in small letters, its login percent-encoded.

    Passwords are copied from a camera's page as they are, with `#`, `/`, `?`, `@`, `%` and blanks.
    One in which each percent sign has two hexadecimal digits, and that has no character which
    would have to be encoded, is encoded already.

    Args:
        name: See `devices.camera.open_camera`. What is no address is returned as it is.
    """
    scheme, separator, rest = name.strip().partition("://")
    if not separator:
        return name
    login, place = _split(rest)
    if login is not None:
        user, colon, password = login.partition(":")
        place = f"{_encoded(user)}{colon}{_encoded(password)}@{place}"
    return f"{scheme.lower()}://{place}"


def literal_address(name: str) -> str:
    """The address with a login in which `%41` is no letter A, but three characters."""
    scheme, separator, rest = plain_address(name).partition("://")
    login, place = _split(rest)
    if not separator or login is None:
        return name
    return f"{scheme}://{login.replace('%', '%25')}@{place}"


def fault_in_address(name: str) -> str | None:
    """Why this can be no camera's address, with what to write; None if it can."""
    scheme, _, rest = plain_address(name).partition("://")
    if scheme not in SCHEMES:
        return f"{scheme}:// is no camera's address. Write rtsp://…, http://… or https://…"
    _, place = _split(rest)
    if PLAIN.match(place):
        return None
    return (
        "there is no host in the address. Write rtsp://USER:PASSWORD@HOST/PATH, and in USER and "
        "PASSWORD %40 for @, %2F for /, %3F for ?, %23 for #, %25 for %"
    )


def _split(rest: str) -> tuple[str | None, str]:
    """The login, if there is one, and host and path.

    By RFC 3986 the login ends at the last @ before the first of `/?#`. A password that is not
    encoded may contain these: then its @ is the last one that has a host behind it.
    """
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    by_rule = authority.rfind("@")
    if by_rule >= 0 and _is_sure(rest[by_rule + 1 :], rest):
        return rest[:by_rule], rest[by_rule + 1 :]
    if "@" not in rest or (by_rule < 0 and PLAIN.match(rest) and not _is_login(authority, rest)):
        return None, rest
    for place in sorted(_places(rest), reverse=True):
        if HOST_AT_END.fullmatch(rest[place + 1 :]):
            return rest[:place], rest[place + 1 :]
    return None, rest


def _is_sure(place: str, rest: str) -> bool:
    """Whether a host begins here, and no better one behind a later @."""
    if not PLAIN.match(place):
        return False
    later = rest[rest.rfind("@") + 1 :]
    return later == place or _looks_numbered(place) or not _looks_numbered(later)


def _is_login(authority: str, rest: str) -> bool:
    """Whether `admin:12` is a user with the beginning of a password, and no host with its port."""
    later = rest[rest.rfind("@") + 1 :]
    return ":" in authority and not re.search(r"[.\[]", authority) and _looks_numbered(later)


def _looks_numbered(place: str) -> bool:
    """Whether a host has a dot, a port or brackets, which parts of a password seldom have."""
    found = PLAIN.match(place)
    return bool(found and re.search(r"[.:\[]", found[0]))


def _places(rest: str) -> list[int]:
    return [found.start() for found in re.finditer("@", rest)]


def _encoded(text: str) -> str:
    is_encoded = not UNENCODED.search(text)
    return quote(text, safe=f"{HARMLESS}%" if is_encoded else HARMLESS)
