"""What a reverse proxy may say, and what nobody else may."""

import pytest

from hub.web.login import password
from hub.web.login.register import Register
from tests.hub.web.client import Client, build_app, log_in

TRUSTED = {"proxies": ["172.30.32.2"], "user_header": "Remote-User"}


def test_a_user_whom_the_proxy_names_is_in(tmp_path):
    """Without a phone of its own; the header of any other client is ignored."""
    app = build_app(tmp_path, web=TRUSTED)
    assert Client(app, address="172.30.32.2").get("/phones", remote_user="anna") == 200
    assert Client(app, address="172.30.32.2").get("/phones") == 303
    assert Client(app, address="172.30.32.2").get("/phones", remote_user=" ") == 303
    assert Client(app, address="172.30.32.3").get("/phones", remote_user="anna") == 303
    assert Register(tmp_path).phones() == []


@pytest.mark.parametrize(
    ("url", "address", "host", "is_in"),
    [
        ("https://door.example", "127.0.0.1", "door.example", True),
        ("https://door.example:8443", "127.0.0.1", "Door.Example.", True),
        ("https://door.example", "127.0.0.1", "127.0.0.1:8780", True),
        ("https://door.example", "127.0.0.1", "[::1]:8780", True),
        ("https://door.example", "127.0.0.1", "localhost:8780", True),
        ("https://door.example", "127.0.0.1", "evil.example:8780", False),
        ("https://door.example", "172.30.32.2", "evil.example:8780", False),
        ("https://door.example", "127.0.0.1", "[", False),
        ("https://door.example", "127.0.0.1", "", False),
        (None, "127.0.0.1", "evil.example:8780", False),
        (None, "::ffff:127.0.0.1", "evil.example:8780", False),
        (None, "172.30.32.2", "homeassistant.local:8123", True),
    ],
)
def test_a_strangers_page_cannot_name_a_user(tmp_path, url, address, host, is_in):
    """By DNS rebinding, a browser beside the proxy sends what a stranger's script wants."""
    trusted = {"proxies": ["127.0.0.1", "172.30.32.2"], "user_header": "Remote-User"}
    client = Client(build_app(tmp_path, web={"url": url, **trusted}), address=address)
    sent = {"host": host, "x_forwarded_for": "10.0.0.1", "x_forwarded_host": "door.example"}
    assert client.get("/phones", remote_user="anna", **sent) == (200 if is_in else 303)


def test_a_header_that_is_ignored_for_its_host_is_told_once(tmp_path, caplog):
    """So that whoever forgot `url` finds out."""
    client = Client(build_app(tmp_path, web=TRUSTED | {"url": "https://door.example"}))
    client.address = "172.30.32.2"
    for _ in range(2):
        client.get("/phones", host="other")
        assert client.get("/phones", remote_user="anna", host="other") == 303
    assert caplog.text.count("Remote-User is ignored: the request's Host is 'other'") == 1


def test_a_header_that_comes_twice_names_nobody(tmp_path):
    """A proxy that adds its own to that of a client must not let the client choose."""
    client = Client(build_app(tmp_path, web=TRUSTED), address="172.30.32.2")
    assert client.get("/phones", remote_user="anna", Remote_User="eve") == 303


def test_without_the_setting_no_header_names_anybody(tmp_path):
    """Nor does the proxy on this machine, which is trusted about addresses by default."""
    app = build_app(tmp_path)
    for header in ("remote_user", "x_remote_user_name", "tailscale_user_login"):
        assert Client(app, address="127.0.0.1").get("/phones", **{header: "anna"}) == 303


def test_https_at_the_proxy_makes_the_cookie_secure(tmp_path):
    """X-Forwarded-Proto from a proxy; other clients cannot say so."""
    app = build_app(tmp_path)
    proxied = log_in(app, tmp_path, address="127.0.0.1")
    proxied.cookies = {}
    code = Register(tmp_path).make_code()
    assert proxied.post(f"/login/{code}", {"name": "x"}, x_forwarded_proto="https") == 303
    assert next(iter(proxied.cookies)).startswith("__Host-")
    code = Register(tmp_path).make_code()
    direct = Client(app)
    assert direct.post(f"/login/{code}", {"name": "x"}, x_forwarded_proto="https") == 303
    assert not next(iter(direct.cookies)).startswith("__Host-")


def test_a_request_without_a_host_is_answered(tmp_path):
    """As HTTP/1.0 allows it, and as some proxies ask whether a server is there."""
    client = Client(build_app(tmp_path), address="127.0.0.1")
    assert client.get("/healthz", host="") == 503
    assert client.get("/", host="") == 303


@pytest.mark.parametrize(
    ("url", "headers", "root"),
    [
        ("https://home.example/bell", {"host": "home.example"}, "/bell"),
        ("https://home.example", {"x_ingress_path": "/api/hassio/abc"}, "/api/hassio/abc"),
        (None, {"x_forwarded_prefix": "/bell/"}, "/bell"),
        (None, {"x_forwarded_prefix": "//evil.example"}, ""),
        (None, {}, ""),
    ],
)  # fmt: skip
def test_the_page_works_below_the_path_of_a_proxy(tmp_path, url, headers, root):
    """Its links and redirects lead there, and its routes are the same."""
    app = build_app(tmp_path, web={"url": url})
    client = Client(app, address="127.0.0.1")
    assert client.get("/", **headers) == 303
    assert client.headers["location"] == f"{root}/login"
    code = Register(tmp_path).make_code()
    assert (
        client.post(f"/login/{code}", {"name": "x"}, sec_fetch_site="same-origin", **headers) == 303
    )
    assert client.headers["location"] == f"{root}/"
    client.cookies = {
        name.removeprefix("__Host-"): one for name, one in client.cookies.items()
    } | client.cookies
    assert client.get("/phones", **headers) == 200
    assert f'action="{root}/phones/password"' in client.text
    assert client.get("/a/x", **headers) == 403
    assert client.get("/p/x", accept="*/*", **headers) == 403
    assert client.text.endswith("Nothing rang\n")


def test_a_form_through_a_proxy_is_from_our_own_page(tmp_path):
    """Its origin is the public address, whatever Host the proxy writes; nobody else's is."""
    app = build_app(tmp_path, web={"url": "https://door.example"})
    client = log_in(app, tmp_path, address="127.0.0.1")
    assert client.post("/phones/others", origin="https://door.example") == 303
    assert client.post("/phones/others", origin="https://evil", x_forwarded_host="other") == 403
    assert client.post("/phones/others", origin="http://other", x_forwarded_host="other") == 303
    direct = log_in(app, tmp_path)
    assert direct.post("/phones/others", origin="http://other", x_forwarded_host="other") == 403


@pytest.mark.usefixtures("standing_limits")
def test_attempts_are_counted_for_the_client_behind_the_proxy(tmp_path):
    """By the last address that is not the proxy's own: a client writes what it likes before it."""
    Register(tmp_path).set_password(password.hash_of("correct horse battery"))
    app = build_app(tmp_path)
    client = Client(app, address="127.0.0.1")
    tried = [
        client.post("/login", {"password": "wrong"}, x_forwarded_for=f"10.0.0.{n}, 203.0.113.5")
        for n in range(6)
    ]
    assert tried == [403] * 5 + [429]
    assert client.post("/login", {"password": "wrong"}, x_forwarded_for="203.0.113.6") == 403
