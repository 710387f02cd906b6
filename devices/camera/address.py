"""Camera addresses: as people write them, and without their passwords for logs and statuses."""

import re
from urllib.parse import quote

from devices.camera.address_reading import likeliest, readings
from devices.video.recorded import CameraError

# One in a sentence ends before the punctuation behind it.
ADDRESS = re.compile(r"(?<=\w://)\S*?(?=[\"'.,;:)]*(?:\s|$))")
WHOLE = re.compile(r"(?<=\w://).*", re.DOTALL)
QUERY = re.compile(r"([^/?]*[/?]).*[=&?@#].*", re.DOTALL)
SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "udp", "tcp", "rtp", "srt")
# What cannot stand in a login that is percent-encoded already.
UNENCODED = re.compile(r"[#/?@\s]|%(?![0-9A-Fa-f]{2})")
HARMLESS = "!$&'()*+,;=-._~:"
ENCODED = "in USER and PASSWORD %40 for @, %2F for /, %3F for ?, %23 for #, %25 for %"


class AddressError(CameraError, ValueError):
    """This can be no camera's address, whatever becomes of the network."""


def without_password(text: str, mask: str = "") -> str:
    """Remove the secrets from each address in a text: `rtsp://host:554/…`.

    They can be before the host, in the path or in the query. Where it is not clear where the
    password ends, nothing is left that could be of it.

    Args:
        text: An address, or a sentence that contains addresses and does not begin with one.
        mask: What replaces a login, before the `@`. Without a mask nothing of the login is shown.
    """
    login = f"{mask}@" if mask else ""
    is_address = re.match(r"\s*\w+://", text)
    pattern = WHOLE if is_address else ADDRESS
    return pattern.sub(lambda found: _shown(found[0], login), text, count=1 if is_address else 0)


def plain_address(name: str) -> str:
    """An address as programs want it: its scheme in small letters, its login percent-encoded.

    Passwords are copied from a camera's page as they are, with `#`, `/`, `?`, `@`, `%` and blanks.
    One in which each percent sign has two hexadecimal digits, and that has no character which
    would have to be encoded, is encoded already. A `#` in path and query belongs to them.

    Args:
        name: See `devices.camera.open_camera`. What is no address is returned as it is.
    """
    scheme, separator, rest = name.strip().partition("://")
    if not separator:
        return name
    if found := readings(rest):
        login, host, path = likeliest(found)
        # Cameras know no fragment, which would not be sent to them (RFC 3986, 3.5).
        rest = host + (path if path.startswith("#") else path.replace("#", "%23"))
        if login is not None:
            user, colon, password = login.partition(":")
            rest = f"{_encoded(user)}{colon}{_encoded(password)}@{rest}"
    return f"{scheme.lower()}://{rest}"


def literal_address(name: str) -> str:
    """The address with a login in which `%41` is no letter A, but three characters."""
    scheme, _, rest = plain_address(name).partition("://")
    found = readings(rest)
    login, host, path = likeliest(found) if found else (None, "", "")
    if login is None:
        return name
    return f"{scheme}://{login.replace('%', '%25')}@{host}{path}"


def fault_in_address(name: str) -> str | None:
    """Why this can be no camera's address, with what to write; None if it can."""
    scheme, _, rest = name.strip().partition("://")
    if scheme.lower() not in SCHEMES:
        return f"{scheme}:// is not a camera's address. Write rtsp://…, http://… or https://…"
    found = readings(rest)
    if not found:
        return (
            f"there is no host in the address. Write rtsp://USER:PASSWORD@HOST/PATH, and {ENCODED}"
        )
    if len(found) > 1:
        return (
            "it is not clear where in the address the password ends and the host begins. Write "
            f"{ENCODED}, and in the path %40 for @"
        )
    return None


def _shown(rest: str, login: str) -> str:
    """What may be shown of an address behind `://`, with what replaces its login."""
    found = readings(rest)
    if not found:
        return f"{login}…" if "@" in rest else _without_query(rest)
    hidden, host, path = found[-1]
    place = "…" if found[-1].may_go_on else _without_query(host + path)
    return f"{login}{place}" if hidden else place


def _without_query(place: str) -> str:
    return QUERY.sub(r"\1…", place, count=1)


def _encoded(text: str) -> str:
    is_encoded = not UNENCODED.search(text)
    return quote(text, safe=f"{HARMLESS}%" if is_encoded else HARMLESS)
