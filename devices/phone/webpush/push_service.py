"""Delivers an encrypted message to a push service (RFC 8030), over HTTPS to a public address.

It needs no library: one POST, no redirect, no proxy.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from devices.phone.http_answer import CONNECT_S, READ_S, HttpError, error_with, is_success
from devices.phone.webpush.subscription import HTTPS, may_be_at_home

ANSWER_BYTES = 4096
ANSWER_S = 20.0  # for the whole answer, less than a handler has
REDIRECTS = (301, 302, 303, 307, 308)


def deliver(endpoint: str, headers: Mapping[str, str], body: bytes) -> None:
    """Deliver a message, and wait until the push service has taken it.

    Args:
        endpoint: Of the subscription.
        headers: What the service is told.
        body: The message.

    Raises:
        HttpError: The service did not answer, or its status is not one of success.
    """
    parts = urlsplit(endpoint)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = PublicConnection(parts.hostname or "", parts.port or HTTPS)
    is_connected = False
    try:
        connection.connect()
        is_connected = True
        connection.request("POST", path, body, dict(headers))
        with connection.getresponse() as answer:
            text = answer.read(ANSWER_BYTES).decode(errors="replace")
    except TimeoutError:
        if is_connected:
            raise HttpError("takes too long to answer", is_doubtful=True) from None
        raise HttpError(f"does not answer within {CONNECT_S:g} s") from None
    except ssl.SSLCertVerificationError:
        raise HttpError("its certificate is not valid") from None
    except (OSError, http.client.HTTPException) as error:
        what = "breaks off" if is_connected else "cannot be reached"
        raise HttpError(f"{what}: {_reason(error)}", is_doubtful=is_connected) from None
    finally:
        connection.close()
    if not is_success(answer.status):
        told = {name.title(): value for name, value in answer.getheaders()}
        redirects = answer.status in REDIRECTS
        raise error_with(answer.status, told, text, redirects=redirects, words=answer.reason)


def fault_in_reaching(endpoint: str) -> str | None:
    """Connect by TLS and send nothing; why that fails, or None."""
    parts = urlsplit(endpoint)
    connection = PublicConnection(parts.hostname or "", parts.port or HTTPS)
    try:
        connection.connect()
    except OSError as error:
        return f"{connection.host}:{connection.port} cannot be reached: {_reason(error)}"
    finally:
        connection.close()
    return None


class PatientSocket(ssl.SSLSocket):
    """Reads until a time is over, also from a server that sends a byte now and then.

    Attributes:
        ends_s: When, on the clock that never jumps.
    """

    ends_s = float("inf")

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """See socket.

        Raises:
            TimeoutError: The time is over.
        """
        left_s = self.ends_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer takes too long")
        self.settimeout(min(left_s, READ_S))
        return super().recv_into(*args, **kwargs)


class PublicConnection(http.client.HTTPSConnection):
    """A connection that a browser in the house cannot turn against the house's own network.

    A name is looked up once, and its address is judged before anything is sent there.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, timeout=CONNECT_S, context=tls_context())

    def connect(self) -> None:
        """See HTTPSConnection.

        Raises:
            OSError: No public address of this name can be reached.
        """
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_, address in found]
        if not may_be_at_home():
            addresses = [one for one in addresses if ip_address(one).is_global]
        error: OSError = PermissionError("its address is not a public one")
        for address in addresses:
            try:
                plain = socket.create_connection((address, self.port), CONNECT_S)
                break
            except OSError as reason:
                error = reason
        else:
            raise error
        plain.settimeout(READ_S)
        secured = cast("PatientSocket", tls_context().wrap_socket(plain, server_hostname=self.host))
        secured.ends_s = time.monotonic() + min(READ_S, ANSWER_S)
        self.sock = secured


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates that this machine trusts; read once, because that takes a while."""
    context = ssl.create_default_context()
    context.sslsocket_class = PatientSocket
    return context


def _reason(error: Exception) -> str:
    """The system's own words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
