"""The ids by which a broker tells connections apart."""

import re
import shutil

from hub.mqtt.connection import client_ids
from hub.mqtt.connection.client_ids import KEY_FILE
from tests.hub.fakes import HUB, NOTIFY

ALLOWED = re.compile("[0-9a-zA-Z]{1,23}")  # what every broker takes (MQTT 3.1.1, 3.1.3.1)


def test_an_id_is_one_that_every_broker_takes(tmp_path):
    """Of a process, whatever its name, and of a command."""
    long_name = f"doorbell/handler/{'my-own_' * 9}"
    for source in (HUB, NOTIFY, long_name):
        assert ALLOWED.fullmatch(client_ids.own(tmp_path, source, "a/root of/many levels"))
    assert ALLOWED.fullmatch(client_ids.random())


def test_a_process_has_the_same_id_after_each_start(tmp_path):
    """So that its new connection takes the old one's place."""
    first = client_ids.own(tmp_path, HUB, "doorbell")
    assert client_ids.own(tmp_path, HUB, "doorbell") == first
    assert first.startswith("home")


def test_ids_differ_by_process_house_and_machine(tmp_path, monkeypatch):
    """A copied state folder on another machine gives another id, too."""
    here, there = tmp_path / "here", tmp_path / "there"
    seen = {client_ids.own(here, HUB, "doorbell")}
    seen.add(client_ids.own(here, NOTIFY, "doorbell"))
    seen.add(client_ids.own(here, HUB, "next_door"))
    shutil.copytree(here, there)
    monkeypatch.setattr("hub.mqtt.connection.client_ids.SYSTEM.machine", "b" * 8)
    seen.add(client_ids.own(there, HUB, "doorbell"))
    assert len(seen) == 4


def test_nobody_can_guess_an_id(tmp_path):
    """All that may be known of the process and the machine is not enough."""
    ids = {client_ids.own(tmp_path / str(number), HUB, "doorbell") for number in range(3)}
    ids |= {client_ids.random() for _ in range(3)}
    assert len(ids) == 6


def test_without_a_key_the_id_is_random(tmp_path):
    """A damaged key, or a folder that cannot be written, keeps no process from its broker."""
    (tmp_path / KEY_FILE).write_text("short")
    ids = {client_ids.own(tmp_path, HUB, "doorbell") for _ in range(2)}
    ids.add(client_ids.own(tmp_path / KEY_FILE / "no folder", HUB, "doorbell"))
    assert len(ids) == 3
