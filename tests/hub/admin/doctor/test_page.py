"""The doctor asks for the page as a stranger does."""

import socket
import threading

import pytest

from config import Settings
from hub.admin.doctor import page as page_of_doctor
from hub.admin.doctor.context import Context
from hub.admin.doctor.page import page
from hub.web.server import Server
from tests.forked import PATIENCE_S
from tests.house import free_port, until
from tests.hub.web.client import build_app, close_sites


@pytest.fixture
def look(tmp_path):
    """Serves the page with these settings; returns what the doctor finds."""
    running = []

    def look(**web):
        web = {"page": True, "port": free_port()} | web
        server = Server(build_app(tmp_path, web=web), lambda: None)
        listener = socket.create_server(("127.0.0.1", web["port"]))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.append((server, thread))
        thread.start()
        until(lambda: server.started, "it listens")
        return _look(tmp_path, web)

    yield look
    for server, thread in running:
        server.stop()
        thread.join(PATIENCE_S)
    close_sites()


def _look(folder, web):
    context = Context(folder, Settings(web=web, state_dir=folder))
    return [(one.state, one.found) for one in page(context)]


def test_a_page_that_shows_strangers_nothing_is_well(look):
    """On the loopback, HTTP is as good as HTTPS."""
    here, strangers = look()
    assert here[0] == "ok"
    assert "for which HTTP is enough" in here[1]
    assert strangers == ("ok", "strangers see nothing but the login")


def test_a_proxy_that_passes_a_users_header_on_is_found(look):
    """The doctor sends it himself: whoever does so is let in as anybody."""
    (_, (state, found)) = look(proxies=["127.0.0.1"], user_header="Remote-User")
    assert state == "problem"
    assert "lets in who sends Remote-User" in found


def test_a_proxy_that_hides_for_whom_it_asks_is_found(look):
    """It looks like a program of this machine, which may read the numbers."""
    port = free_port()
    (_, (state, found)) = look(metrics=True, port=port, url=f"http://127.0.0.1:{port}")
    assert state == "problem"
    assert f"http://127.0.0.1:{port}/metrics shows strangers the numbers" in found


def test_what_cannot_be_looked_at_is_told(tmp_path):
    """No page is wanted; nothing answers; something else does."""
    ((state, found),) = _look(tmp_path, {})
    assert (state, found) == ("skipped", found)
    assert "[web] sets no page" in found
    ((state, found),) = _look(tmp_path, {"page": True, "port": free_port()})
    assert state == "problem"
    assert "no answer" in found


def test_a_page_that_does_not_answer_in_time_is_not_called_safe(look, monkeypatch):
    """The page is there, and too slow: what a stranger would see is not known."""
    slow = page_of_doctor._ask

    def ask(address, path, headers=None):
        if path == "/":
            raise TimeoutError("timed out")
        return slow(address, path, headers)

    monkeypatch.setattr(page_of_doctor, "_ask", ask)
    (_, (state, found)) = look()
    assert state == "skipped"
    assert "timed out" in found
    assert "what strangers see is unknown" in found
