"""What a reverse proxy says about a request: its client, its scheme, its path, its user."""

import logging
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from config.tables.web import Web

log = logging.getLogger(__name__)
PREFIXES = ("x-ingress-path", "x-forwarded-prefix")  # Home Assistant's ingress; Traefik and others


class Proxies:
    """Takes these headers from the addresses in `[web] proxies` only (ASGI 3 middleware).

    What other clients write into them is ignored. Sets `client`, `scheme` and `root_path` of the
    scope, and `proxied_user` and `hosts` of its state.
    """

    def __init__(self, app: ASGIApp, web: Web) -> None:
        self._app = app
        self._header = web.user_header
        self._networks = [ip_network(one) for one in web.proxies]
        scheme, _, rest = (web.url or "").partition("://")
        self._scheme = scheme
        self._host, _, path = rest.partition("/")
        self._path = f"/{path}" if path else ""
        self._is_told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        if scope["type"] == "http":
            self._read(scope, Headers(scope=scope))
            scope["path"] = f"{scope['root_path']}{scope['path']}"  # ASGI: root_path is part of it
        await self._app(scope, receive, send)

    def _read(self, scope: Scope, headers: Headers) -> None:
        state = scope.setdefault("state", {})
        host = headers.get("host", "")
        state["hosts"] = {host, self._host}
        state["is_proxied"] = any(name in headers for name in ("forwarded", "x-forwarded-for"))
        state["proxied_user"] = ""
        if host == self._host:
            scope["root_path"] = self._path
        if not self._trusts(scope):
            return
        named = headers.getlist(self._header) if self._header else []
        if len(named) == 1 and self._is_our_host(host, scope["client"][0]):
            state["proxied_user"] = named[0].strip()
        forwarded = headers.getlist("x-forwarded-for")
        if clients := ",".join(forwarded).split(","):
            scope["client"] = (self._first_stranger(clients) or scope["client"][0], 0)
        if scheme := headers.get("x-forwarded-proto"):
            scope["scheme"] = "https" if scheme.strip().lower() == "https" else "http"
        elif self._host and host == self._host:
            scope["scheme"] = self._scheme
        if other := headers.get("x-forwarded-host"):
            state["hosts"].add(other)
        for name in PREFIXES:
            prefix = headers.get(name, "").rstrip("/")
            if prefix.startswith("/") and not prefix.startswith("//"):  # else it is another site
                scope["root_path"] = prefix

    def _is_our_host(self, host: str, client: str) -> bool:
        """Whether no stranger's page in a browser can have sent a request (DNS rebinding).

        Such a page has a name of its own, which now leads to this machine. Without `url` the names
        of the house are not known: then only a proxy on this machine, where people may have
        a browser, must not pass on a name.
        """
        name = _name_in(host)
        proxy = _address(client)
        is_elsewhere = proxy is not None and not proxy.is_loopback
        is_ours = name == _name_in(self._host) if self._host else is_elsewhere
        if is_ours or name == "localhost" or _address(name):
            return True
        if not self._is_told:
            self._is_told = True
            log.warning(
                "%s is ignored: the request's Host is %.100r. Write the page's address into url in"
                " [web], and have the proxy pass Host on",
                self._header,
                host,
            )
        return False

    def _trusts(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and self._is_proxy(client[0])

    def _is_proxy(self, address: str) -> bool:
        found = _address(address)
        return found is not None and any(found in network for network in self._networks)

    def _first_stranger(self, clients: list[str]) -> str:
        """The last address that is no proxy of ours: a client may have made up those before it."""
        addresses = [one.strip() for one in clients if one.strip()]
        for address in reversed(addresses):
            if not self._is_proxy(address):
                return address
        return addresses[0] if addresses else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _name_in(host: str) -> str:
    """The name or address in a Host, without the port; empty where it cannot be read."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""
