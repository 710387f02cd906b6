"""The doctor's look at the page from outside: its certificate, its proxy, and who gets in."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from config import Settings
from devices.machine import Finding, duration, fault, ok, skipped
from hub.admin.doctor.context import Context
from hub.process.page_address import LOOPBACKS, page_address

TIMEOUT_S = 20.0  # a Pi that has much to do takes seconds for its first page
SOON_S = 10 * 86_400.0  # those who renew by themselves do it 30 days before, or a third of the time
STRANGER = "doorbell-doctor"  # no user has this name
HTTPS = "docs/https.md"


class Reply(NamedTuple):
    """What the page says.

    Attributes:
        status: Of HTTP.
        valid_s: For how many seconds its certificate is still valid; None without one.
    """

    status: int
    valid_s: float | None


def page(context: Context) -> Iterator[Finding]:
    """Ask for the page as a stranger with a browser does, at its public address."""
    web = context.settings.web
    if not web.is_wanted:
        why = "[web] sets no page: only `doorbell run` serves one, for this machine"
        yield skipped(f"{why}. `doorbell setup` offers it; docs/login.md")
        return
    address = page_address(context.settings)
    try:
        reply = _ask(address, "/healthz")
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message
        yield fault(f"{address}: no browser trusts its certificate ({why})", HTTPS)
        return
    except (OSError, http.client.HTTPException) as error:
        yield fault(f"{address}: no answer ({error})", "is doorbell-web running? See `processes`")
        return
    if reply.status not in (200, 503):
        words = f"{address}: another program answers there ({reply.status} for /healthz)"
        yield fault(words, f"does the proxy lead to doorbell-web? {HTTPS}")
        return
    yield _transport(address, reply.valid_s)
    if web.page is not False:
        yield from _strangers(context.settings, address)


def _transport(address: str, valid_s: float | None) -> Finding:
    """Push and microphone need a page that the browser trusts (W3C, Secure Contexts)."""
    if valid_s is not None:
        words = f"{address}: HTTPS, with a certificate that is valid for {duration(valid_s)}"
        if valid_s < SOON_S:
            return Finding("warning", words, f"it should have been renewed by now: {HTTPS}")
        return ok(words)
    if urlsplit(address).hostname in LOOPBACKS:
        return ok(f"{address}: answers this machine's browsers, for which HTTP is enough")
    return ok(f"{address}: HTTP. All works but push and the microphone; these need {HTTPS}")


def _strangers(settings: Settings, address: str) -> Iterator[Finding]:
    """What is shown without a login, through the proxy: the login itself, and no more."""
    header = settings.web.user_header
    tries: list[tuple[str, Mapping[str, str], str]] = [("/", {}, "shows itself to strangers")]
    if settings.web.url:  # else nothing stands between, and this machine may read them
        words = "shows strangers the numbers: the proxy must send X-Forwarded-For"
        tries.append(("/metrics", {}, words))
    if header:
        words = f"lets in who sends {header}: the proxy must overwrite it in every request"
        tries.append(("/", {header: STRANGER}, words))
    found = [one for asked in tries if (one := _stranger(address, *asked))]
    yield from found or [ok("strangers see nothing but the login")]


def _stranger(address: str, path: str, headers: Mapping[str, str], words: str) -> Finding | None:
    """What is wrong where a stranger asks for this; None where the page keeps it to itself."""
    try:
        reply = _ask(address, path, headers)
    except (OSError, http.client.HTTPException) as error:
        return skipped(f"{address}{path}: no answer ({error}), so what strangers see is unknown")
    return fault(f"{address}{path} {words}", HTTPS) if reply.status == http.client.OK else None


def _ask(address: str, path: str, headers: Mapping[str, str] | None = None) -> Reply:
    parts = urlsplit(address)
    kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
    if parts.scheme == "https":
        kind = http.client.HTTPSConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path}{path}", headers=dict(headers or {}))
        valid_s = _valid_s(connection.sock)
        return Reply(connection.getresponse().status, valid_s)
    finally:
        connection.close()


def _valid_s(link: socket.socket | None) -> float | None:
    """How long the certificate of a connection is valid."""
    if not isinstance(link, ssl.SSLSocket):
        return None
    until = str((link.getpeercert() or {}).get("notAfter", ""))
    return ssl.cert_time_to_seconds(until) - time.time()
