"""Settings in the environment: what they mean, and that a fault names the variable."""

import pytest

from config import Settings, SettingsError
from config.reading.sources import load


def _load(tmp_path, text: str = "") -> Settings:
    path = tmp_path / "doorbell.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def _faults(tmp_path, text: str = "") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as told:
        _load(tmp_path, text)
    return told.value.faults


@pytest.mark.parametrize("text", ["192.168.1.5", '["192.168.1.5"]'])
def test_a_list_is_json_or_one_text(monkeypatch, tmp_path, text):
    """A list of one need not be JSON."""
    monkeypatch.setenv("DOORBELL_WEB__PROXIES", text)
    assert _load(tmp_path).web.proxies == ["192.168.1.5"]


def test_every_form_of_a_variable_is_read(monkeypatch, tmp_path):
    """A key, a table as JSON with a key over it, a name that is new, a text that looks like JSON.

    The file's keys stay where no variable sets them.
    """
    monkeypatch.setenv("DOORBELL_BROKER", '{"port": 1999, "host": "json"}')
    monkeypatch.setenv("DOORBELL_BROKER__HOST", "[::1]:1883")
    monkeypatch.setenv("DOORBELL_BROKER__PASSWORD", '["no list"]')
    monkeypatch.setenv("DOORBELL_BROKER__PORT", "1883")
    monkeypatch.setenv("DOORBELL_DOORS__SIDE__NAME", "Side")
    monkeypatch.setenv("DOORBELL_CLOCK__AT__TEA", "16:00")
    monkeypatch.setenv("DOORBELL_HANDLERS__BARK__VOLUME", "7")
    read = _load(tmp_path, "[broker]\nusername = 'u'\n[doors.front]\nname = 'F'\n")
    assert (read.broker.host, read.broker.port, read.broker.username) == ("[::1]:1883", 1883, "u")
    assert read.broker.password
    assert read.broker.password.get_secret_value() == '["no list"]'
    assert {name: door.name for name, door in read.doors.items()} == {"front": "F", "side": "Side"}
    assert read.clock.at["tea"].hour == 16
    assert read.handlers == {"bark": {"volume": "7"}}


@pytest.mark.parametrize(("text", "when"), [("ON", "ON"), ("5", 5), ('["ON"]', ["ON"])])
def test_what_a_trigger_waits_for_may_be_json(monkeypatch, tmp_path, text, when):
    """A number in JSON is a number there, as in the file."""
    monkeypatch.setenv("DOORBELL_TRIGGERS__A__WHEN", text)
    trigger = "[triggers.a]\ntopic = 'x'\ndoor = 'front'\nsay = 'doorbell.pressed'\n"
    assert _load(tmp_path, trigger).triggers["a"].when == when


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("DOORBELL_BROKER", '{"port": "abc"}', "port: not a whole number. Write it like 17"),
        ("DOORBELL_BROKER", '{"prot": 1}', "prot: unknown key. Did you mean 'port'?"),
        ("DOORBELL_BROKER", "localhost", "not JSON. Write the table as JSON, or set its keys"),
        ("DOORBELL_BROKER", "[" * 5000, "not JSON. Write the table as JSON, or set its keys"),
        ("DOORBELL_HANDLERS", '{"a": ' * 100 + "1" + "}" * 100, "tables or lists lie too deep"),
        ("DOORBELL_BROKER__HOST__X", "y", "unknown variable. Did you mean 'DOORBELL_BROKER__HOST'"),
        ("DOORBELL_HUB__X", "y", "unknown variable. Did you mean 'DOORBELL_HUB'?"),
        ("DOORBELL_DOORS__FRONT__BUTON__PIN", "5", "buton: unknown key. Did you mean 'button'?"),
        ("DOORBELL_WEB__PROXIES", "nowhere", "not an address or network. Write 192.168.1.5"),
        ("DOORBELL_STATE_DIR", "~nosuchuser/x", "~nosuchuser is not a user with a home folder"),
        ("DOORBELL_OWN_FOLDER", "/etc", "not such a folder. It is a folder within state_dir"),
        ("DOORBELL_OWN_FOLDER", "../x", "not such a folder. It is a folder within state_dir"),
    ],
)
def test_a_fault_of_a_variable_is_its_own(monkeypatch, tmp_path, variable, text, says):
    """The file has no part in it, and the user knows this name only."""
    monkeypatch.setenv(variable, text)
    (fault,) = _faults(tmp_path)
    assert fault.startswith(f"{variable}: {says}")


def test_a_variable_in_small_letters_is_no_setting(monkeypatch, tmp_path):
    """It would be passed over without a word."""
    monkeypatch.setenv("doorbell_broker__port", "99")
    assert _faults(tmp_path) == ("doorbell_broker__port: write it in capital letters.",)


def test_a_fault_of_the_file_is_not_the_variables(monkeypatch, tmp_path):
    """Even where the variable sets other keys of the same table."""
    monkeypatch.setenv("DOORBELL_BROKER", '{"host": "h"}')
    monkeypatch.setenv("DOORBELL_BROKER__USERNAME", "u")
    (fault,) = _faults(tmp_path, "[broker]\nprot = 1\n")
    assert fault.startswith("doorbell.toml: line 2: [broker] prot: unknown key.")


def test_an_unknown_variable_hides_no_other_fault(monkeypatch, tmp_path):
    """All of them are told at once."""
    monkeypatch.setenv("DOORBELL_FOO", "1")
    faults = _faults(tmp_path, "[broker]\ntls = yes\n[quiet]\nend = 7\n")
    assert [fault.split(":")[0] for fault in faults] == ["DOORBELL_FOO", *["doorbell.toml"] * 2]


@pytest.mark.parametrize("text", ["hub = 'a'\nHUB = 'b'\n", "[hub]\n[Hub]\n"])
def test_a_setting_in_two_spellings_is_told(tmp_path, text):
    """One of them would be dropped without a word."""
    assert "it is written in small and in capital letters" in _faults(tmp_path, text)[0]


def test_a_table_in_capital_letters_is_read(tmp_path):
    """It cannot mean anything else."""
    assert _load(tmp_path, "[Broker]\nhost = 'h'\n").broker.host == "h"


@pytest.mark.parametrize("name", ["DOORS__FRONT__NAME", "BROKER__PASSWORD", "HANDLERS__SAY__WORDS"])
def test_a_letter_that_is_not_utf8_is_told(monkeypatch, tmp_path, name):
    """As from a Latin-1 file of systemd: no event could be written with it, so no bell would ring.

    Python shows such a byte as half a letter.
    """
    monkeypatch.setenv(f"DOORBELL_{name}", "Haust\udcfcr")
    (fault,) = _faults(tmp_path)
    assert fault == f"DOORBELL_{name}: a letter is not UTF-8. Save the file that sets it as UTF-8."


def test_an_empty_variable_does_not_move_the_state(monkeypatch, tmp_path):
    """A container sets it to nothing where its own variable is missing."""
    monkeypatch.setenv("DOORBELL_STATE_DIR", "")
    assert _faults(tmp_path) == ("DOORBELL_STATE_DIR: empty. Write a path, or leave it out.",)
