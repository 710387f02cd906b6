"""What a reverse proxy says about a request: its client, its scheme, its path, its user."""

from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from config.web import Web

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
        if self._header:
            named = headers.getlist(self._header)
            state["proxied_user"] = named[0].strip() if len(named) == 1 else ""

    def _trusts(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and self._is_proxy(client[0])

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self._networks)

    def _first_stranger(self, clients: list[str]) -> str:
        """The last address that is no proxy of ours: a client may have made up those before it."""
        addresses = [one.strip() for one in clients if one.strip()]
        for address in reversed(addresses):
            if not self._is_proxy(address):
                return address
        return addresses[0] if addresses else ""
