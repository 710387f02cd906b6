"""The page behind real reverse proxies with TLS, set up as docs/https.md says."""

import http.client
import re
import socket
import ssl
import subprocess
import threading
from urllib.parse import urlencode

import pytest

from config import Settings
from hub.admin.doctor.context import Context
from hub.admin.doctor.page import page
from hub.admin.security import certificates
from hub.web.login.register import Register
from hub.web.server import Server
from tests.devices.talk.door import serving_door
from tests.forked import PATIENCE_S
from tests.house import ROOT, free_port, until
from tests.hub.web.client import build_app, close_sites
from tests.needs import find_program

HTTPS = (ROOT / "docs" / "https.md").read_text(encoding="utf-8")
NGINX = """
daemon off;
error_log stderr;
pid nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;
    uwsgi_temp_path u; scgi_temp_path s;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate server.crt;
        ssl_certificate_key server.key;
        {block}
    }}
}}
"""
CADDY = """
{{
    admin off
    auto_https disable_redirects
    storage file_system store
}}
{block}
"""


def _block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", HTTPS, re.DOTALL | re.MULTILINE)
    return found


class Site:
    """The page, and a proxy before it.

    Attributes:
        folder: Its state.
        path: Below which it is.
        port: Of the proxy.
    """

    def __init__(self, folder, kind):
        self.folder, self.kind = folder, kind
        self.port, self.inner = free_port(), free_port()
        self.path = {"nginx": "/bell", "caddy": ""}[kind]
        self.url = f"https://localhost:{self.port}{self.path}"
        self.web = {
            "url": self.url,
            "port": self.inner,
            "metrics": True,
            "proxies": ["127.0.0.1"],
            "user_header": "Remote-User",
        }
        ca = folder / "ca.key", folder / "ca.crt"
        certificates.make_ca(*ca)
        made = folder / "server.key", folder / "server.crt"
        certificates.make_server(ca, *made, ["localhost", "127.0.0.1"])
        self.tls = ssl.create_default_context(cafile=ca[1])

    def command(self):
        """Write the proxy's settings; returns its command."""
        block = _block(self.kind).replace("127.0.0.1:8780", f"127.0.0.1:{self.inner}")
        if self.kind == "nginx":
            text = NGINX.format(port=self.port, block=block)
            (self.folder / "nginx.conf").write_text(text)
            return [
                find_program("nginx", "nginx-light"),
                "-p",
                str(self.folder),
                "-c",
                "nginx.conf",
            ]
        block = block.replace("door.example.org", f"https://localhost:{self.port}")
        block = re.sub(
            r"tls \{.*?\}\n    \}\n?", "tls server.crt server.key\n", block, flags=re.DOTALL
        )
        block = re.sub(r"tls \{[^}]*?dns[^\n]*\n\s*\}", "tls server.crt server.key", block)
        (self.folder / "Caddyfile").write_text(CADDY.format(block=block))
        return [find_program("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]

    def ask(self, method, path, form=None, **headers):
        """A request through the proxy; returns status, headers and text."""
        link = http.client.HTTPSConnection(
            "localhost", self.port, timeout=PATIENCE_S, context=self.tls
        )
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        sent = kind | {name.replace("_", "-"): one for name, one in headers.items()}
        link.request(method, f"{self.path}{path}", form and urlencode(form), sent)
        answer = link.getresponse()
        found = answer.status, answer.headers, answer.read().decode()
        link.close()
        return found


@pytest.fixture(params=["caddy", "nginx"])
def site(request, tmp_path):
    site = Site(tmp_path, request.param)
    command = site.command()
    server = Server(build_app(tmp_path, web=site.web, doors={"front": {}}), lambda: None)
    listener = socket.create_server(("127.0.0.1", site.inner))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with (tmp_path / "proxy.log").open("w") as log:
        proxy = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        until(lambda: _listens(site.port), (tmp_path / "proxy.log").read_text)
        yield site
    finally:
        proxy.terminate()
        proxy.wait(PATIENCE_S)
        server.stop()
        thread.join(PATIENCE_S)
        close_sites()


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_page_works_behind_a_proxy(site, monkeypatch):
    """A phone logs in, and stays in; a stranger gets nothing, whatever headers he sends."""
    ours = {"Origin": site.url.removesuffix(site.path)}
    status, headers, _ = site.ask("GET", "/")
    assert (status, headers["Location"]) == (303, f"{site.path}/login")
    assert site.ask("GET", "/", Remote_User="anna")[0] == 303
    assert site.ask("GET", "/metrics")[0] == 401
    assert site.ask("GET", "/metrics", X_Forwarded_For="127.0.0.1")[0] == 401
    code = Register(site.folder).make_code()
    assert site.ask("POST", f"/login/{code}", {"name": "x"}, Origin="https://evil")[0] == 403
    status, headers, _ = site.ask("POST", f"/login/{code}", {"name": "x"}, **ours)
    assert (status, headers["Location"]) == (303, f"{site.path}/")
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("__Host-doorbell-")
    assert "Secure" in headers["Set-Cookie"]
    assert site.ask("GET", "/phones", Cookie=cookie)[0] == 200
    assert site.ask("GET", "/", Cookie=cookie)[0] == 200
    assert site.ask("POST", "/logout", {}, Cookie=cookie, Origin="https://evil")[0] == 403
    assert site.ask("POST", "/logout", {}, Cookie=cookie, **ours)[0] == 303
    context = Context(site.folder, Settings(web=site.web, state_dir=site.folder))
    (found,) = page(context)
    assert "no browser trusts its certificate" in found.found
    monkeypatch.setenv("SSL_CERT_FILE", str(site.folder / "ca.crt"))
    assert [one.state for one in page(context)] == ["ok", "ok"]


def test_one_can_talk_behind_a_proxy(site):
    """Words get to the door one request after the other, and what it hears comes at once."""
    ours = {"Origin": site.url.removesuffix(site.path)}
    code = Register(site.folder).make_code()
    _, headers, _ = site.ask("POST", f"/login/{code}", {"name": "x"}, **ours)
    ours["Cookie"] = headers["Set-Cookie"].partition(";")[0]
    say = "/talk/front/say?turn=0198c2a4-0000"
    with serving_door(site.folder) as door:
        assert site.ask("POST", say, {}, Cookie=ours["Cookie"], Origin="https://evil")[0] == 403
        for last in ("", "", "&last"):
            assert site.ask("POST", f"{say}{last}", {}, **ours)[0] == 204
        until(lambda: any(door.speaker.played), "the chime")
        until(lambda: door.line._speaker is None, "the end")
        until(lambda: not door.line.is_echoing(), "nothing of it is in the air")
        link = http.client.HTTPSConnection(
            "localhost", site.port, timeout=PATIENCE_S, context=site.tls
        )
        link.request("GET", f"{site.path}/talk/front/listen", headers=ours)
        until(lambda: door.microphone.hear, "it is open")
        door.microphone.hear(b"\x01\x02" * 320)
        assert link.getresponse().read(640) == b"\x01\x02" * 320, "without more that follows"
        link.close()
