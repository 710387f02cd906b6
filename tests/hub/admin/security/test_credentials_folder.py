"""`doorbell secure` writes private, complete files; `doorbell check` sees what is missing."""

import os
import pwd
import re
import stat
import subprocess
import sys

import pytest

from config import Broker, Settings, SettingsError
from config.reading import sources
from hub.admin.check.house import check
from hub.admin.security import credentials_folder
from hub.admin.security.acl import acl, rights
from hub.admin.security.certificates import CertificateError, make_ca, serves
from hub.mqtt.connection import credentials
from hub.wire.topics import Topics
from tests import forked
from tests.house import ROOT
from tests.needs import find_program

USERS = {
    "cli",
    "homeassistant",
    "hub-home",
    "handler-bark",
    "handler-light",
    "handler-log",
    "handler-telemetry",
    "handler-notify",
    "handler-record",
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "broker"


@pytest.fixture
def write(folder, tmp_path):
    """Secure a house of shipped handlers; a certificate for hosts needs openssl."""

    def write(*hosts, more=()):
        if hosts:
            find_program("openssl")
        return credentials_folder.write(
            Settings(handlers_dir=tmp_path / "none"), folder, hosts, more
        )

    return write


def test_everybody_who_logs_in_has_a_password_and_rights(write, folder):
    """Hub, each handler and the command line have their own; the broker gets hashes only."""
    write()
    passwords = {path.name: path.read_text().strip() for path in (folder / "passwords").iterdir()}
    assert passwords.keys() >= USERS
    assert len(set(passwords.values())) == len(passwords)
    table = (folder / "mosquitto" / "passwd").read_text()
    assert not any(password in table for password in passwords.values())
    for user in passwords:
        assert f"\n{user}:$7$" in f"\n{table}"
        assert f"\nuser {user}\n" in (folder / "mosquitto" / "acl").read_text()


def test_what_it_writes_is_its_owners_alone(write, folder):
    """Except the CA's certificate, which others need."""
    write("localhost")
    for path in folder.rglob("*"):
        open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
        assert (open_to_others == 0) == (path != folder / "ca.crt"), path


def test_run_again_it_keeps_what_there_is(write, folder):
    """Passwords, CA, certificate and own users and rights stay; a new user is added."""
    write("localhost", "127.0.0.1")
    (folder / "acl.own").write_text("user mine\ntopic readwrite mine/#\n")
    with (folder / "mosquitto" / "passwd").open("a") as file:
        file.write("mine:$7$x\n")
    kept = [
        *(folder / "passwords").iterdir(),
        folder / "ca.key",
        folder / "mosquitto" / "server.crt",
    ]
    before = [path.read_bytes() for path in kept]
    write("localhost", more=["handler-shout"])
    assert [path.read_bytes() for path in kept] == before
    assert (folder / "passwords" / "handler-shout").exists()
    acl = (folder / "mosquitto" / "acl").read_text()
    assert "topic write doorbell/handler/shout/status\n" in acl
    assert acl.endswith("user mine\ntopic readwrite mine/#\n")
    assert "mine:$7$x\n" in (folder / "mosquitto" / "passwd").read_text()
    write()
    assert "user handler-shout\n" in (folder / "mosquitto" / "acl").read_text()


def test_rights_that_are_gone_are_said_and_kept(write, folder):
    """What a person added to the ACL itself is not lost silently; what is in acl.own is granted."""
    write()
    acl = folder / "mosquitto" / "acl"
    by_hand = acl.read_text() + "user cli\ntopic read lamps/#\nuser mine\ntopic read mine/#\n"
    acl.write_text(by_hand)
    (folder / "acl.own").write_text("user mine\ntopic read mine/#\n")
    lost = write().lost
    assert len(lost) == 1
    assert "no longer grants cli: topic read lamps/#. Rights of your own belong" in lost[0]
    assert (folder / "acl.before").read_text() == by_hand
    assert "topic read mine/#\n" in acl.read_text()
    assert write().lost == []


def test_rights_of_an_earlier_version_do_not_hide_those_of_a_person(write, folder):
    """An update may change all that doorbell has written: that is counted, and all else named."""
    write()
    acl = folder / "mosquitto" / "acl"
    old = "".join(f"topic read doorbell/+/+/old/{number}\n" for number in range(90))
    removed = "user handler-gone\ntopic write doorbell/handler/gone/status\n"
    by_hand = "topic read lamps/#\ntopic readwrite doorbell/#\nuser mine\ntopic read doorbell/#\n"
    acl.write_text(f"{acl.read_text()}{removed}user cli\n{old}{by_hand}")
    (told,) = write().lost
    named = (
        "cli: topic read lamps/#; cli: topic readwrite doorbell/#; mine: topic read doorbell/#; "
    )
    assert f"no longer grants {named}91 rights of doorbell's own users. Rights" in told
    assert write().lost == []


def test_another_root_is_told_in_one_line(write, folder):
    """All rights of the house are below it."""
    write()
    acl = folder / "mosquitto" / "acl"
    acl.write_text(
        re.sub(r"^(topic \w+ )doorbell/", r"\1old/house/", acl.read_text(), flags=re.MULTILINE)
    )
    (told,) = write().lost
    assert re.search(r"no longer grants \d+ rights of doorbell's own users\. Rights", told)


def test_a_user_of_home_assistant_keeps_its_password(write, folder):
    """One that a person made with mosquitto_passwd: Home Assistant logs in as before."""
    (folder / "mosquitto").mkdir(parents=True)
    (folder / "mosquitto" / "passwd").write_text("homeassistant:$7$x\n")
    write()
    assert "homeassistant:$7$x\n" in (folder / "mosquitto" / "passwd").read_text()
    assert not (folder / "passwords" / "homeassistant").exists()
    assert "user homeassistant\ntopic write " in (folder / "mosquitto" / "acl").read_text()


def test_another_name_makes_another_certificate(write, folder):
    """It is of the same CA, so that no client needs a new ca.crt."""
    write("localhost")
    ca, certificate = (folder / "ca.crt").read_bytes(), folder / "mosquitto" / "server.crt"
    assert not serves(certificate, ["localhost", "10.0.0.1"])
    write("localhost", "10.0.0.1")
    assert serves(certificate, ["localhost", "10.0.0.1"])
    assert (folder / "ca.crt").read_bytes() == ca


def test_without_openssl_the_error_names_its_package(tmp_path, monkeypatch):
    """A certificate is made by the openssl program, which every Debian has a package of."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CertificateError, match=r"sudo apt install openssl, or leave out --host"):
        make_ca(tmp_path / "ca.key", tmp_path / "ca.crt")


def test_the_shipped_example_is_what_is_written():
    """So the example for an ACL by hand is tested."""
    example = (ROOT / "config" / "mosquitto" / "acl.example").read_text()
    assert example == acl(
        ["cli", "handler-notify", "homeassistant", "hub-home", "listener", "web-home"]
    )


def test_the_settings_in_the_document_are_settings(tmp_path):
    """Each block of docs/security.md loads; its folders are taken from the settings file's own."""
    blocks = re.findall(
        r"^```toml\n(.*?)^```",
        (ROOT / "docs" / "security.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    assert len(blocks) == 3
    for block in blocks:
        path = tmp_path / "doorbell.toml"
        path.write_text(block)
        broker = sources.load(path).broker
        named = {"password_dir": "passwords", "ca_file": "ca.crt", "cert_file": "house.crt"}
        for setting, name in named.items():
            places = [tmp_path / name, tmp_path / "broker" / name] if setting in block else [None]
            assert getattr(broker, setting) in places
        assert broker.encrypted == ("ca_file" in block)


@pytest.mark.parametrize("name", ["two\nlines", "a:b", "../up", "#", ""])
def test_a_user_is_a_name(write, name):
    """It names a file, and is in two files of mosquitto."""
    with pytest.raises(SettingsError, match="not a name"):
        write(more=[name])


@pytest.mark.parametrize("host", ["", "two words", "a,b", "h\u00f6st", "-x"])
def test_a_host_is_a_name_or_an_address(folder, host):
    """It is told before openssl gets it, and before anything is written."""
    with pytest.raises(SettingsError, match="not a name or address"):
        credentials_folder.write(Settings(), folder, [host], [])
    assert not folder.exists()


def test_the_command_prints_no_secret(tmp_path):
    """It names the files, and the annotated settings work with them."""
    find_program("openssl")
    config = tmp_path / "doorbell.toml"
    config.write_text(
        '[broker]\nhost = "localhost"\n'
        'password_dir = "broker/passwords"\nca_file = "broker/ca.crt"\n'
    )
    command = [
        sys.executable,
        "-m",
        "hub.cli.main",
        "secure",
        "--host",
        "localhost",
        "-c",
        str(config),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    for path in (tmp_path / "broker" / "passwords").iterdir():
        assert path.read_text().strip() not in done.stdout + done.stderr
    assert [
        fault for fault in check(sources.load(config), config).faults if "[broker]" in fault
    ] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led to places of others: sudo")
def test_root_writes_nothing_where_another_user_decides(tmp_path):
    """A link in place of a folder would lead it to one of root's."""
    roots, home = tmp_path / "roots", tmp_path / "home"
    for one in (roots, home):
        one.mkdir()
    (home / "doorbell.toml").write_text('[broker]\nhost = "localhost"\n')
    (home / "broker").symlink_to(roots)
    os.chown(home, pwd.getpwnam("nobody").pw_uid, 0)
    done = forked.run("hub.cli.main", "secure", "-c", str(home / "doorbell.toml"), cwd=tmp_path)
    assert done.returncode == 1
    assert "who could lead root anywhere" in done.stderr
    assert "sudo -u nobody doorbell secure" in done.stderr
    assert list(roots.iterdir()) == []


def test_check_tells_missing_and_open_files(write, folder, tmp_path):
    """A missing password, a password that everyone can read, a missing CA."""
    write()
    (folder / "passwords" / "cli").unlink()
    (folder / "passwords" / "hub-home").chmod(0o644)
    config = tmp_path / "doorbell.toml"
    config.write_text(
        '[broker]\nhost = "localhost"\n'
        'password_dir = "broker/passwords"\nca_file = "broker/ca.crt"\n'
    )
    faults = [fault for fault in check(sources.load(config), config).faults if "[broker]" in fault]
    assert len(faults) == 3
    assert "ca.crt is not there" in faults[0]
    assert "hub-home is open to everybody on this machine. chmod 600" in faults[1]
    assert "passwords/cli cannot be read" in faults[2]


def test_what_systemd_hands_over_goes_first(write, folder, tmp_path, monkeypatch):
    """A process finds its own password in $CREDENTIALS_DIRECTORY, and the others in the folder."""
    write()
    (tmp_path / "handler-bark").write_text("handed over\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    broker = Broker(host="localhost", password_dir=folder / "passwords")
    assert credentials.credentials(broker, "handler-bark") == ("handler-bark", "handed over")
    assert credentials.credentials(broker, "cli") == (
        "cli",
        (folder / "passwords" / "cli").read_text().strip(),
    )


def test_one_user_for_all_is_still_possible():
    """With username and password set, every process is that user."""
    broker = Broker.model_validate({"username": "house", "password": "x"})
    assert credentials.credentials(broker, "handler-bark") == ("house", "x")
    assert credentials.credentials(Broker(), "handler-bark") is None


def test_the_embedded_broker_has_no_tls():
    """TLS without a broker of one's own is a fault; silence would mean no TLS."""
    with pytest.raises(ValueError, match="has no TLS"):
        Broker(tls=True)


def test_the_hub_may_hear_what_its_triggers_name():
    """The hub, and only the hub, may read the topics of its triggers."""
    written = acl(["handler-notify", "hub-home"], heard={"hub-home": ["frigate/events"]})
    notify, home = written.split("\nuser hub-home\n")
    assert "topic read frigate/events\n" in home
    assert "frigate" not in notify


def test_no_name_and_no_topic_writes_a_line_of_the_list():
    """A rule is a line: a name or a topic with a line break is left out, whatever let it in."""
    evil = "x\nuser guest\ntopic readwrite #"
    written = acl([f"handler-{evil}", "hub-home"], heard={"hub-home": [evil, "a/b", "a\rb"]})
    assert "readwrite #" not in written
    assert "guest" not in written
    assert "topic read a/b\n" in written
    assert "\r" not in written


def test_a_handler_file_with_an_odd_name_is_no_user(folder, tmp_path):
    """Its name would be a line of the password file and of the access control list."""
    handlers = tmp_path / "handlers"
    handlers.mkdir()
    (handlers / "x\nuser guest\ntopic readwrite #.py").write_text("")
    (handlers / "mine.py").write_text("")
    credentials_folder.write(Settings(handlers_dir=handlers), folder, (), ())
    for name in ("acl", "passwd"):
        text = (folder / "mosquitto" / name).read_text()
        assert "guest" not in text
        assert "handler-mine" in text
    assert not any("\n" in path.name for path in (folder / "passwords").iterdir())


def test_a_producer_may_publish_its_own_events_and_nothing_else():
    """`doorbell secure --user producer-shop`: it gives no commands, and hears no events."""
    granted = rights("producer-shop", Topics())
    assert granted == [
        "write doorbell/producer/shop/event/#",
        "write doorbell/producer/shop/status",
        "write doorbell/producer/shop/reply/+",
        "read doorbell/producer/+/status",
        "read doorbell/+/+/query/#",
    ]
