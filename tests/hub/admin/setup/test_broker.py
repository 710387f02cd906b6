"""`doorbell setup` asks for the broker, tries it, and offers Home Assistant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.admin.setup.dialog import Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.broker import ask_broker
from tests.house import free_port
from tests.servers.brokers import BrokerProcess
from tests.servers.secured import secured_mosquitto

Ask = Callable[..., tuple[dict[str, Any], str]]
SECURED = """\
[broker]
host = "localhost"
port = {port}
password_dir = "broker/passwords"
"""


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Give the answers to these questions; returns what will be set, and what was shown."""

    def ask(*pairs: tuple[str, str], text: str = "") -> tuple[dict[str, Any], str]:
        path = tmp_path / "doorbell.toml"
        path.write_text(text, encoding="utf-8")
        left, shown = list(pairs), list[str]()

        def read(prompt: str) -> str:
            question, answer = left.pop(0)
            assert question in prompt, shown
            return answer

        draft = Draft(path)
        draft.change(ask_broker(Dialog(shown.append, read, lambda _: False), draft))
        assert left == []
        return draft.table, " ".join(" ".join(shown).split())

    return ask


def test_a_broker_is_tried_and_home_assistant_is_offered(ask: Ask, mosquitto: BrokerProcess):
    """It answers with its name; Home Assistant finds the door by itself, so nothing is set."""
    address = f"mqtt://localhost:{mosquitto.port}"
    table, shown = ask(
        ("Address, or none [none", address),
        ("User name there, or none [none", ""),
        ("Home Assistant? [y", ""),
    )
    assert table == {"broker": {"host": address}}
    assert f"localhost:{mosquitto.port}: mosquitto version" in shown
    assert "Add integration, MQTT, and the same address" in shown


def test_one_that_does_not_answer_is_told_and_may_be_taken(ask: Ask):
    """With what to look at; without Home Assistant, that is set."""
    address = f"127.0.0.1:{free_port()}"
    table, shown = ask(
        *(("Address", "http://broker"), ("Address", address), ("User name there", "none")),
        *(("Take it all the same? [n", ""), ("Address", address), ("User name there", "me")),
        *(("Password, or none [none", "x"), ("the same? [n", "y"), ("Home Assistant? [y", "n")),
    )
    login = {"host": address, "username": "me", "password": "x"}
    assert table == {"broker": login, "homeassistant": {"enabled": False}}
    assert "✗ not the address of a broker. Write mqtt://" in shown
    assert f"✗ {address}: Connection refused → Is it running" in shown


def test_a_secured_one_is_logged_in_to_as_before(ask: Ask, tmp_path: Path, mosquitto_program: str):
    """Each process has a user of its own; that of Home Assistant is named."""
    with secured_mosquitto(mosquitto_program, tmp_path, ()) as secured:
        text = SECURED.format(port=secured.broker.port)
        answers = (("Address, or none [localhost", ""), ("Home Assistant? [y", ""))
        table, shown = ask(*answers, text=text)
    assert table["broker"] == {
        "host": "localhost",
        "port": secured.broker.port,
        "password_dir": "broker/passwords",
    }
    assert "mosquitto version" in shown
    assert "with the password that this shows: cat" in shown


def test_none_takes_the_broker_back(ask: Ask):
    """With its login and its certificates: `doorbell run` brings its own."""
    text = '[broker]\nhost = "a"\nroot = "cottage"\nusername = "me"\npassword = "x"\ntls = true\n'
    table, _ = ask(("Address, or none [a", "none"), text=text)
    assert table == {"broker": {"root": "cottage", "tls": False}}


def test_an_installed_doorbell_needs_a_broker(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto_program: str
):
    """Its units start none; root alone can read the passwords."""
    monkeypatch.setattr("hub.admin.setup.target.INSTALLED", tmp_path / "doorbell.toml")
    monkeypatch.setattr("hub.admin.setup.target.STATE", tmp_path)
    with secured_mosquitto(mosquitto_program, tmp_path, ()) as secured:
        text = SECURED.format(port=secured.broker.port)
        answers = (("Address [localhost", "none"), ("Address [localhost", ""), ("Home", ""))
        table, shown = ask(*answers, text=text)
    assert table["broker"]["host"] == "localhost"
    assert "needs one. localhost is that of this machine" in shown
    assert f"sudo cat {tmp_path}/broker/passwords/homeassistant" in shown
