"""The broker's address, in the forms in which people write it."""

from pathlib import Path

import pytest

from config import Address, Broker, SettingsError
from config.reading.sources import load


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost", Address("localhost", 1883)),
        (" 192.168.1.5 ", Address("192.168.1.5", 1883)),
        ("h:1884", Address("h", 1884)),
        ("mqtt://h:1884/", Address("h", 1884)),
        ("tcp://h", Address("h", 1883)),
        ("MQTTS://h", Address("h", 8883, tls=True)),
        ("ssl://h:1", Address("h", 1, tls=True)),
        ("::1", Address("::1", 1883)),
        ("[::1]", Address("::1", 1883)),
        ("mqtt://[fe80::1%eth0]:7", Address("fe80::1%eth0", 7)),
        ("ws://h", Address("h", 80, path="/mqtt")),
        ("ws://h:9001/", Address("h", 9001, path="/")),
        ("wss://h/ws/one", Address("h", 443, tls=True, path="/ws/one")),
    ],
)
def test_a_form_that_people_write_is_understood(text: str, address: Address):
    """With and without scheme, port and brackets; blanks around it do no harm."""
    assert Broker(host=text).addresses == [address]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "Write an address"),
        (" ", "Write an address"),
        ("http://h", "Write mqtt://, mqtts://, ws:// or wss://"),
        ("mqtt://", "no name or address is in it"),
        ("mqtt://anna:hunter2@h", "Write name and password to username and password"),
        ("anna:hunter2@h", "Write name and password to username and password"),
        ("one, two", 'Write them as a list: ["one", "two"]'),
        ("h/mqtt", "Only ws:// and wss:// have one"),
        ("h:99999", "from 1 to 65535"),
        ("h:", "from 1 to 65535"),
        ("[::g]", "not an IPv6 address"),
        ("two words", "not a name or address"),
        ("a..b", "not a name or address"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, advice: str):
    """One line with what to write, and without a password that stands in it."""
    path = tmp_path / "doorbell.toml"
    path.write_text(f'[broker]\nhost = "{text}"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(path)
    (fault,) = refused.value.faults
    assert fault.startswith("doorbell.toml: line 2: [broker] host: ")
    assert advice in fault
    assert "hunter2" not in fault


def test_several_addresses_are_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`port` is for those that name none; in the environment the list is JSON."""
    path = tmp_path / "doorbell.toml"
    path.write_text('[broker]\nhost = ["one", "two:2"]\nport = 1\n', encoding="utf-8")
    assert load(path).broker.address == "one:1, two:2"
    monkeypatch.setenv("DOORBELL_BROKER__HOST", '["wss://h", "::1"]')
    assert load(path).broker.address == "wss://h:1/mqtt, [::1]:1"
    monkeypatch.setenv("DOORBELL_BROKER__HOST", "h:2")
    with pytest.raises(SettingsError, match="host and port name different ports"):
        load(path)


@pytest.mark.parametrize("setting", ["tls = true", 'ca_file = "ca"', 'cert_file = "mine"'])
def test_what_belongs_to_tls_switches_it_on(tmp_path: Path, setting: str):
    """Also where the address says mqtt:// or ws://; paths begin at the settings file."""
    path = tmp_path / "doorbell.toml"
    text = f'[broker]\nhost = ["mqtt://one:1", "ws://two:2"]\n{setting}\n'
    path.write_text(text, encoding="utf-8")
    broker = load(path).broker
    assert broker.encrypted
    assert broker.address == "one:1, wss://two:2/mqtt"
    for file in (broker.ca_file, broker.cert_file):
        assert file in (None, tmp_path / "ca", tmp_path / "mine")


def test_a_key_belongs_to_a_certificate():
    """A key alone would be ignored."""
    with pytest.raises(ValueError, match="Set cert_file, too"):
        Broker(host="h", key_file=Path("key"))
