"""`doorbell link`: what it refuses, in words that say what to do."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import SettingsError
from hub.cli.main import app

WEB = '[web]\nurl = "http://192.168.1.5:8780"\n[doors.front]\n[doors.back]\n'


class Link:
    """The command, in a folder with these settings."""

    def __init__(self, folder: Path, text: str) -> None:
        self.config = folder / "doorbell.toml"
        self.config.write_text(f'state_dir = "state"\n{text}', encoding="utf-8")

    def __call__(self, *words: str) -> str:
        """What it says."""
        done = CliRunner().invoke(app, ["link", *words, "--config", str(self.config)])
        if isinstance(done.exception, SettingsError):
            raise done.exception
        return done.output


def test_without_an_address_of_its_own_it_says_what_to_set(tmp_path: Path):
    """A fault in the settings, like any other."""
    with pytest.raises(SettingsError, match=r"\[web\] url is not set: there are no addresses. Set"):
        Link(tmp_path, "")("--press", "front")


def test_a_link_is_named_like_its_door_unless_it_is_given_a_name(tmp_path: Path):
    """It is the same each time; a name of its own, a door and a second door of it are checked."""
    link = Link(tmp_path, WEB)
    assert "There are no links. Make one: doorbell link --press front" in link()
    address = link("--press", "front")
    assert address.startswith("http://192.168.1.5:8780/p/front.")
    assert link("--press", "front") == address
    with pytest.raises(SettingsError, match="shed: no such door"):
        link("--press", "shed")
    for words, fault in (
        (("--press", "back", "--name", "front"), "front: this link rings at front. Choose another"),
        (("--press", "back", "--name", "My Shelly"), "My Shelly: no name. Write up to 32 of"),
        (("--revoke", "shelly"), "shelly: no such link. There are: front"),
    ):
        assert fault in link(*words)


def test_another_user_is_told_to_be_that_of_the_house(tmp_path: Path, monkeypatch):
    """What root writes there, the web process could not read."""
    link = Link(tmp_path, WEB)
    (tmp_path / "state").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    owner = (tmp_path / "state").owner()
    assert f"Write: sudo -u {owner} doorbell link" in link("--press", "front")
    assert list((tmp_path / "state").iterdir()) == []
