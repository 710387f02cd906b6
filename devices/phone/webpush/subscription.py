"""Where a browser takes web push messages, and with which keys they are encrypted for it."""

import base64
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from devices.words import marked

ENDPOINT_LENGTH = 2048
POINT_BYTES = 65  # an uncompressed point of P-256 (RFC 8291, 2.1)
SECRET_BYTES = 16  # RFC 8291, 3.2
HTTPS = 443
LOCAL_VARIABLE = "PUSH_SERVICE_AT_HOME"  # your own push service, in your own network
INCOMPLETE = marked("the subscription lacks endpoint, p256dh, auth or page")
FOREIGN_KEYS = marked("the subscription's keys are not those of a browser")
UNREADABLE_KEY = marked("a key of the subscription is not base64url")
ODD_CHARACTERS = marked("the subscription's endpoint has odd characters")
NO_ADDRESS = marked("the subscription's endpoint is not an address")
NO_HTTPS = marked("the subscription's endpoint is not an https address")
NOT_PUBLIC = marked("the subscription's endpoint is not that of a public push service")


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives to whoever may send it messages (W3C Push API, 8).

    Attributes:
        endpoint: The address at the browser's push service.
        p256dh: The browser's public key, in base64url.
        auth: A secret that the browser shares with the sender, in base64url.
        page: The page on which it was made, as `https://HOST`; the push service is told it as the
            sender's contact (RFC 8292, 2.1).
    """

    endpoint: str
    p256dh: str
    auth: str
    page: str

    @classmethod
    def of(cls, value: Any) -> Self:
        """Read one: the JSON of a browser's `PushSubscription`, or of `as_json`.

        The endpoint comes from a browser, and this house will connect to it. So it must be what
        push services have: a public host, by name, on the port of HTTPS.

        Raises:
            ValueError: It cannot be one.
        """
        value = value if isinstance(value, Mapping) else {}
        keys = value.get("keys", value)
        keys = keys if isinstance(keys, Mapping) else {}
        found = [value.get("endpoint"), keys.get("p256dh"), keys.get("auth"), value.get("page")]
        if not all(isinstance(one, str) and len(one) <= ENDPOINT_LENGTH for one in found):
            raise ValueError(INCOMPLETE)
        subscription = cls(*map(str, found))
        if fault := fault_in_endpoint(subscription.endpoint):
            raise ValueError(fault)
        point = from_base64url(subscription.p256dh)
        if len(point) != POINT_BYTES or len(from_base64url(subscription.auth)) != SECRET_BYTES:
            raise ValueError(FOREIGN_KEYS)
        return subscription

    def as_json(self) -> dict[str, str]:
        """The subscription as a JSON object."""
        return asdict(self)


def fault_in_endpoint(endpoint: str) -> str | None:
    """Why an address cannot be that of a push service; None if it can."""
    if not endpoint.isascii() or not endpoint.isprintable():
        return ODD_CHARACTERS
    try:
        parts = urlsplit(endpoint)
        port = parts.port or HTTPS
    except ValueError:
        return NO_ADDRESS
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or "@" in parts.netloc or " " in endpoint:
        return NO_HTTPS
    if may_be_at_home():
        return None
    if port != HTTPS or "." not in host.strip(".") or _is_ip_address(host):
        return NOT_PUBLIC
    return None


def may_be_at_home() -> bool:
    """Whether the push service may have a private address: a person has said so."""
    return bool(os.environ.get(LOCAL_VARIABLE))


def from_base64url(text: str) -> bytes:
    """Read base64url, with or without its padding.

    Raises:
        ValueError: It is none.
    """
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", True)
    except ValueError:
        raise ValueError(UNREADABLE_KEY) from None


def to_base64url(data: bytes) -> str:
    """Write base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
