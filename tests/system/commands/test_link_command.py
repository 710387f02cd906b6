"""`doorbell link`: what it refuses, in words that say what to do."""

import io
import os
import re
from pathlib import Path

import pytest
import segno
from typer.testing import CliRunner

from config import SettingsError
from hub.cli.main import app
from hub.terminal.output import Console
from hub.terminal.qr_code import print_qr_code
from hub.web.login import password
from hub.web.login.register import Register

WEB = '[web]\nurl = "http://192.168.1.5:8780"\n[doors.front]\n[doors.back]\n'


class Link:
    """The command, in a folder with these settings."""

    def __init__(self, folder: Path, text: str) -> None:
        self.config = folder / "doorbell.toml"
        self.config.write_text(f'state_dir = "state"\n{text}', encoding="utf-8")

    def __call__(self, *words: str, typed: str = "") -> str:
        """What it says."""
        command = ["link", *words, "--config", str(self.config)]
        done = CliRunner().invoke(app, command, input=typed)
        if isinstance(done.exception, SettingsError):
            raise done.exception
        return done.output


def test_without_an_address_of_its_own_it_says_what_to_set(tmp_path: Path):
    """A fault in the settings, like any other."""
    with pytest.raises(SettingsError, match=r"\[web\] url is not set, so no device can call the"):
        Link(tmp_path, "")("--press", "front")
    with pytest.raises(SettingsError, match="shed: no such door"):  # an address would not help
        Link(tmp_path, "")("--press", "shed")


def test_a_link_is_named_like_its_door_unless_it_is_given_a_name(tmp_path: Path):
    """It is the same each time; a name of its own, a door and a second door of it are checked."""
    link = Link(tmp_path, WEB)
    assert "There are no links. Make one: doorbell link --press front" in link("--list")
    address = link("--press", "front")
    assert address.startswith("http://192.168.1.5:8780/p/front.")
    assert link("--press", "front") == address
    with pytest.raises(SettingsError, match="shed: no such door"):
        link("--press", "shed")
    for words, fault in (
        (("--press", "back", "--name", "front"), "front: this link rings at front. Choose another"),
        (("--press", "back", "--name", "My Shelly"), "My Shelly: no name. Write up to 32 of"),
        (("--revoke", "frnt"), "frnt: no phone and no link has this name. Did you mean 'front'?"),
        (("--revoke", "shelly"), "shelly: no phone and no link has this name. Known here: front."),
    ):
        assert fault in link(*words)


def test_it_prints_an_address_that_logs_in_once(tmp_path: Path):
    """Below the public address if there is one; where only this machine can open it, it says so."""
    code = re.search(r"http://192\.168\.1\.5:8780/login/([\w-]{22})\n", Link(tmp_path, WEB)())
    register = Register(tmp_path / "state")
    assert [register.use(code[1]), register.use(code[1])] == [True, False]
    here = Link(tmp_path, "[web]\npage = true\n")()
    assert here.startswith("http://127.0.0.1:8780/login/")
    assert 'Set [web] listen = "0.0.0.0"' in here


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", r"the page is not running here\. Set \[web\] page = true, or"),
        (f"{WEB[:6]}page = false\n{WEB[6:]}", r"\[web\] page is false: there is no page"),
    ],
)
def test_without_a_page_there_is_no_login(tmp_path: Path, text: str, fault: str):
    """It says what to set."""
    with pytest.raises(SettingsError, match=fault):
        Link(tmp_path, text)()


def test_phones_are_listed_and_logged_out(tmp_path: Path):
    """By their names, which may hold blanks; a name that a link has, too, is not guessed at."""
    link = Link(tmp_path, WEB)
    register = Register(tmp_path / "state")
    assert "No phone is logged in. Log one in: doorbell link" in link("--list")
    anna, front = register.add_phone("Anna's phone"), register.add_phone("front")
    assert "Anna's phone: a phone that is logged in\n" in link("--list")
    assert link("--revoke", "Anna's phone") == "Anna's phone: logged out\n"
    assert (register.phone(anna.id), register.phone(front.id)) == (None, front)
    link("--press", "front")
    assert "front is a phone and a link. Give the phone another name" in link("--revoke", "front")
    assert register.phone(front.id)


def test_the_password_is_asked_twice(tmp_path: Path):
    """What differs or is too short is not taken; it is never shown."""
    link = Link(tmp_path, WEB)
    register = Register(tmp_path / "state")
    assert "too short. Write at least 8" in link("--password", typed="short\nshort\n")
    link("--password", typed="correct horse\ncorrect house\n")
    assert register.password == ""
    said = link("--password", typed="correct horse\ncorrect horse\n")
    assert "The household password is set" in said
    assert "correct" not in said
    assert password.is_right("correct horse", register.password)


def test_the_code_is_black_on_white_on_every_terminal(monkeypatch):
    """Each character is two modules; read back they are the code, with its quiet zone."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="256", width=100)
    print_qr_code("http://192.168.1.5:8780/login/abc", console)
    lines = console.file.getvalue().splitlines()
    rows = []
    for line in lines:
        pairs = re.findall(r"\x1b\[38;5;(\d+);48;5;(\d+)m▀", line)
        rows += [[one == "16" for one in half] for half in zip(*pairs, strict=True)]
    code = segno.make("http://192.168.1.5:8780/login/abc", error="l", micro=False)
    wanted = [[bool(one) for one in row] for row in code.matrix_iter(border=2)]
    assert rows[: len(wanted)] == wanted
    assert not any(map(any, rows[len(wanted) :]))


def test_another_user_is_told_to_be_that_of_the_house(tmp_path: Path, monkeypatch):
    """What root writes there, the web process could not read."""
    link = Link(tmp_path, WEB)
    (tmp_path / "state").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    owner = (tmp_path / "state").owner()
    sudo = "sudo" if owner == "root" else f"sudo -u {owner}"
    assert f"Write: {sudo} doorbell link" in link("--press", "front")
    assert list((tmp_path / "state").iterdir()) == []
