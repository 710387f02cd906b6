"""Whether a notification service can be reached, found out without sending anything."""

import socket
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECT_S = 4.0
HTTPS = 443
HTTP = 80
SMTP = 25
# Where Apprise's classes keep the address of a service that has only one.
FIXED_URLS = ("notify_url", "api_url")


class Address(NamedTuple):
    """Where a service listens.

    Attributes:
        host: Its name or IP address.
        port: Its TCP port.
        tls: Whether TLS begins at once.
    """

    host: str
    port: int
    tls: bool


def fault_in_reaching(service: Any) -> str | None:
    """Connect to a service, by TLS where the service does, and send nothing.

    Apprise has no check of its own. This one finds a lost network, an unknown name, a server that
    is down and a bad certificate. It cannot find a wrong password.

    Args:
        service: Apprise's object of its URL.

    Returns:
        Why the service cannot be reached; None if it answers or has no address to try.
    """
    address = address_of(service)
    if address is None:
        return None
    try:
        with socket.create_connection((address.host, address.port), CONNECT_S) as connection:
            if address.tls:
                context = _tls_context(verify=bool(service.verify_certificate))
                context.wrap_socket(connection, server_hostname=address.host).close()
    except (OSError, ValueError) as error:
        return f"{address.host}:{address.port} cannot be reached: {error}"
    return None


def address_of(service: Any) -> Address | None:
    """Find the address of a service; None for one without, like a log.

    In most URLs of Apprise the part after `://` is a token and not a host: `tgram://TOKEN/CHAT`.

    Args:
        service: Apprise's object of its URL.
    """
    if getattr(service, "mode", None) == "cloud" and hasattr(service, "cloud_notify_url"):
        return _in_url(service.cloud_notify_url)
    if host := getattr(service, "smtp_host", None):
        is_tls = getattr(service, "secure_mode", None) == "ssl"
        return Address(host, service.port or SMTP, is_tls)
    for name in FIXED_URLS:
        url = getattr(service, name, None)
        if isinstance(url, str) and (address := _in_url(url)):
            return address
    if "host" not in service.template_tokens or not service.host:
        return None
    is_tls = bool(service.secure)
    return Address(service.host, service.port or _default_port(is_tls=is_tls), is_tls)


def _in_url(url: str) -> Address | None:
    parts = urlsplit(url)
    if not parts.hostname:
        return None
    is_tls = parts.scheme == "https"
    return Address(parts.hostname, parts.port or _default_port(is_tls=is_tls), is_tls)


def _default_port(*, is_tls: bool) -> int:
    return HTTPS if is_tls else HTTP


def _tls_context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
