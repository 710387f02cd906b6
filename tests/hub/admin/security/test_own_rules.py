"""What a person saves beside `doorbell secure`: no broken line reaches the broker."""

import getpass
import subprocess
from pathlib import Path

import pytest

from config import Broker, Settings, SettingsError
from hub.admin.security import credentials_folder, own_rules
from hub.mqtt.connection import credentials
from tests.forked import PATIENCE_S
from tests.servers.brokers import mosquitto_broker

GOOD = """\
# A note
user handler-light
topic read lamps/#
topic   readwrite   a room/lamp
topic deny b/+/c
topic status

pattern write %u/x
  user indented
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(handlers_dir=tmp_path / "none")


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """What `doorbell secure` has written."""
    folder = tmp_path / "broker"
    credentials_folder.write(settings, folder, (), ())
    return folder


def test_each_line_that_is_taken_is_taken_by_mosquitto(mosquitto_program: str, tmp_path: Path):
    """It starts with them, and nothing is told."""
    own = tmp_path / "acl.own"
    own.write_text(GOOD)
    assert own_rules.read(own) == GOOD
    with mosquitto_broker(mosquitto_program, tmp_path, f"acl_file {own}\n"):
        pass


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("  # a note", "a note has nothing before its #"),
        ("; a note", "';': a line begins with user, topic, pattern, or # before a note"),
        ("Topic read x", "'Topic': a line begins with user, topic, pattern, or # before a note"),
        ("topc read x", "Did you mean 'topic'?"),
        ("topic\tread x", "it has a tab"),
        ("user", "user has nothing behind it. Write it like user zigbee2mqtt"),
        ("topic  ", "topic has nothing behind it. Write it like topic read zigbee2mqtt/porch"),
        ("topic reed x", "'reed': no access. Write topic with read, write, readwrite or deny"),
        ("topic read x+/y", "'x+/y': + and # stand alone between slashes"),
        ("pattern read x/#/y", "'x/#/y': # stands at the end only"),
        ("topic read x # a note", "a note needs a line of its own"),
        (f"topic read {'x' * 65_536}", "a topic of more than 65535 bytes"),
    ],
)
def test_a_line_that_mosquitto_refuses_is_told(
    line: str, fault: str, mosquitto_program: str, tmp_path: Path
):
    """With its number, and what to write; mosquitto would not start with it."""
    own = tmp_path / "acl.own"
    own.write_text(f"user mine\n{line}\n")
    with pytest.raises(SettingsError) as told:
        own_rules.read(own)
    (found,) = told.value.faults
    assert found.startswith(f"{own}: line 2: ")
    assert fault in found
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener 0 {tmp_path}/socket\nacl_file {own}\nuser {getpass.getuser()}\n")
    ended = subprocess.run([mosquitto_program, "-c", str(conf)], check=False, timeout=PATIENCE_S)
    assert ended.returncode


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_what_notepad_saves_is_read(encoding: str, folder: Path, settings: Settings):
    """With a byte order mark and CRLF: neither reaches the broker's list, or a password."""
    (folder / "acl.own").write_bytes("user mine\r\ntopic read t\u00fcr/#\r\n".encode(encoding))
    cli = folder / "passwords" / "cli"
    password = cli.read_text().strip()
    cli.write_bytes(f"{password}\r\n".encode(encoding))
    credentials_folder.write(settings, folder, (), ())
    list_ = (folder / "mosquitto" / "acl").read_bytes().decode()
    assert list_.endswith("\nuser mine\ntopic read t\u00fcr/#\n")
    assert "\ufeff" not in list_
    broker = Broker(password_dir=folder / "passwords")
    assert credentials.credentials(broker, "cli") == ("cli", password)


def test_what_cannot_be_read_is_told_at_once_and_nothing_changes(folder: Path, settings: Settings):
    """Each file with its line; the last good list and the passwords stay."""
    (folder / "acl.own").write_bytes(b"user mine\n# T\xfcr\n")
    (folder / "passwords" / "cli").write_bytes(b"s\xfcss\n")
    with (folder / "mosquitto" / "passwd").open("ab") as table:
        table.write(b"t\xfcr:$7$x\n")
    before = {path: path.read_bytes() for path in (folder / "mosquitto").iterdir()}
    with pytest.raises(SettingsError) as told:
        credentials_folder.write(settings, folder, (), ())
    places = [fault.partition(": a letter is not UTF-8. ")[0] for fault in told.value.faults]
    assert places == [
        f"{folder}/acl.own: line 2",
        f"{folder}/mosquitto/passwd: line {len(before[folder / 'mosquitto/passwd'].splitlines())}",
        f"{folder}/passwords/cli: line 1",
    ]
    assert {path: path.read_bytes() for path in (folder / "mosquitto").iterdir()} == before
