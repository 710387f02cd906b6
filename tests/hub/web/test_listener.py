"""Where doorbell-web listens."""

import socket

import pytest

from config import Settings
from config.tables.web import Web
from hub.process import page_address
from hub.process.page_address import PORT_FILE
from hub.store.state import StateError
from hub.web.listener import listening
from tests.house import free_port


def _settings(folder, **web):
    return Settings.model_validate({"state_dir": folder, "web": web})


def test_two_runs_do_not_collide(tmp_path, monkeypatch):
    """The second takes another port, and leaves it in a file; the settings' port is not changed."""
    monkeypatch.setenv("DOORBELL_SUPERVISED", "1")
    usual = free_port()
    monkeypatch.setattr(Web.model_fields["port"], "default", usual)
    houses = [_settings(tmp_path / name) for name in ("one", "two")]
    houses = [
        house.model_copy(update={"web": house.web.model_copy(update={"port": usual})})
        for house in houses
    ]
    for house in houses:
        house.state_dir.mkdir()
    with listening(houses[0]) as first, listening(houses[1]) as second:
        ports = [one.getsockname()[1] for one in (first, second)]
        assert ports[0] == usual != ports[1]
        assert [int((one.state_dir / PORT_FILE).read_text()) for one in houses] == ports
        assert page_address.page_address(houses[1]) == f"http://127.0.0.1:{ports[1]}"
    with listening(houses[1]) as again:
        assert again.getsockname()[1] == ports[1]


def test_a_port_that_is_set_is_the_one(tmp_path, monkeypatch):
    """Also under `doorbell run`; if it is taken, that is a fault with a remedy."""
    monkeypatch.setenv("DOORBELL_SUPERVISED", "1")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(StateError, match=rf"cannot listen on 127\.0\.0\.1 port {port}: .* Set"),
            listening(_settings(tmp_path, port=port)),
        ):
            pass


def test_under_systemd_no_file_is_left(tmp_path, monkeypatch):
    """The port is the one in the settings."""
    monkeypatch.delenv("DOORBELL_SUPERVISED", raising=False)
    with listening(_settings(tmp_path, port=free_port())):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("web", "address"),
    [
        ({"url": "https://door.example/bell"}, "https://door.example/bell"),
        ({"listen": "192.168.1.5", "port": 80}, "http://192.168.1.5:80"),
        ({"listen": "fd00::5"}, "http://[fd00::5]:8780"),
        ({}, "http://127.0.0.1:8780"),
    ],
)
def test_the_address_of_the_page(tmp_path, web, address):
    """As a browser needs it; all addresses of this machine are told as one that others reach."""
    assert page_address.page_address(_settings(tmp_path, **web)) == address
    everywhere = page_address.page_address(_settings(tmp_path, listen="0.0.0.0"))
    assert "0.0.0.0" not in everywhere
