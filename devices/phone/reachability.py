"""A notification service on the network: whether it can be reached, without telling it anything."""

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

CONNECT_S = 4.0
HTTPS, HTTP = 443, 80
FIXED = (
    "notify_url",
    "api_url",
)  # where the classes of Apprise keep the address of a service that has only one
Address = tuple[str, int, bool]


def fault_in_reaching(service: Any) -> str | None:
    """Why a service cannot be reached now; None when its host answers, or when nothing can be said without telling it.

    Apprise has no check of its own. This connects, by TLS where the service does, and says nothing: it finds a lost
    network, a name that is gone, a server that is down and a bad certificate. It cannot find a wrong password.

    Args:
        service: One of Apprise's, made from its URL.
    """
    address = address_of(service)
    if address is None:
        return None
    host, port, tls = address
    try:
        with socket.create_connection((host, port), CONNECT_S) as connection:
            if tls:
                context = _trust(verify=bool(service.verify_certificate))
                context.wrap_socket(connection, server_hostname=host).close()
    except (OSError, ValueError) as error:
        return f"{host}:{port} cannot be reached: {error}"
    return None


def address_of(service: Any) -> Address | None:
    """Host, port and whether TLS begins at once; None for a service that has none, like a log.

    In most URLs of Apprise the part after `://` is no host but a token: `tgram://TOKEN/CHAT`.
    """
    if getattr(service, "mode", None) == "cloud" and hasattr(service, "cloud_notify_url"):
        return _in_url(service.cloud_notify_url)
    if host := getattr(service, "smtp_host", None):
        return host, service.port or 25, getattr(service, "secure_mode", None) == "ssl"
    for name in FIXED:
        if isinstance(url := getattr(service, name, None), str) and (address := _in_url(url)):
            return address
    if "host" not in service.template_tokens or not service.host:
        return None
    tls = bool(service.secure)
    return service.host, service.port or (HTTPS if tls else HTTP), tls


def _in_url(url: str) -> Address | None:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return (parts.hostname, parts.port or (HTTPS if tls else HTTP), tls) if parts.hostname else None


def _trust(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
