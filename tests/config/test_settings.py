"""The settings: what is allowed, which faults are reported, and what no fault shows."""

import tempfile
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import Settings, SettingsError
from config.reading.sources import load
from hub import HandlerConfig
from hub.plugin import loader

WRONG_IN_MANY_WAYS = """
hab = "home"
[house]
latitude = 52.5
[broker]
prot = 1883
port = 70000
[doors.front.button]
driver = "gpio"
[doors."Back Door"]
name = "Back"
[doors.side.button]
pull = "sideways"
"""
NO_PIN = 'driver = "gpio" needs a pin. Set pin to the BCM number of its GPIO line, like 17.'
NO_PLACE = "latitude and longitude go together. Set both, or neither."
NO_NAME = "not a name. Use a-z, 0-9, - and _, beginning with a letter, 32 characters at most."


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _faults(text: str) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder, pytest.raises(SettingsError) as told:
        load(_write(Path(folder) / "doorbell.toml", text))
    return told.value.faults


def test_a_time_of_day_has_no_zone():
    """It is this machine's local one; Python cannot compare it with one that has a zone."""
    faults = _faults(
        '[quiet]\nbegin = "22:00:00Z"\nend = "07:00:00"\n[clock.at]\nbins_out = "19:00:00+01:00"\n'
    )
    assert [fault.split(": ")[1:3] for fault in faults] == [
        ["line 1", "[quiet] begin"],
        ["line 4", "[clock] at"],
    ]
    with pytest.raises(ValueError, match="Write it without a zone"):
        _WithTime.model_validate({"from_": {"20:00Z": 30}})


class _WithTime(HandlerConfig):
    from_: dict[time, int]


def test_every_fault_of_a_file_is_reported_at_once():
    """A person sees all faults, each in a line that says where, what, and what to do."""
    assert sorted(_faults(WRONG_IN_MANY_WAYS)) == sorted(
        [
            "doorbell.toml: line 2: hab: unknown key. Did you mean 'hub'?",
            f"doorbell.toml: line 3: [house] {NO_PLACE}",
            "doorbell.toml: line 6: [broker] prot: unknown key. Did you mean 'port'?",
            "doorbell.toml: line 7: [broker] port: must be at most 65535.",
            f"doorbell.toml: line 8: [doors.front.button] {NO_PIN}",
            f"doorbell.toml: line 10: [doors] Back Door: {NO_NAME}",
            "doorbell.toml: line 13: [doors.side.button] pull: must be 'up' or 'down'.",
        ]
    )


def test_settings_that_have_moved_are_found_again(tmp_path):
    """A setting that `bark` once had belongs to the house now."""
    house = Settings(
        handlers={"bark": {"quiet_from": "22:00", "enabled": True}}, state_dir=tmp_path
    )
    with pytest.raises(
        SettingsError,
        match=r"quiet_from: it applies to the whole house now. Set begin and end in \[quiet\]",
    ):
        loader.load(loader.SHIPPED / "bark.py", house)


def test_a_setting_that_was_renamed_says_its_new_name(tmp_path):
    """`told_by` of a door's LED was understood by few."""
    path = tmp_path / "doorbell.toml"
    path.write_text('[doors.front.led]\ntold_by = ["bark"]\n')
    with pytest.raises(SettingsError) as caught:
        load(path)
    fault = "doorbell.toml: line 2: [doors.front.led] told_by: it is called notified_by now."
    assert caught.value.faults == (fault,)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[broker\n", "line 1"),
        ("hub = 'a'\nlog_level = ?\n", "line 2"),
        ("hub = 'a'\nhub = 'b'\n", "line 2"),
    ],
)
def test_a_file_that_is_no_toml_is_reported_with_its_line(text, place):
    """Broken TOML is one fault that names the file and the line."""
    (fault,) = _faults(text)
    assert fault.startswith(f"doorbell.toml: {place}: ")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("DOORBELL_BROKER__PORT", "many", "not a whole number"),
        ("DOORBELL_BROKER__PROT", "1883", "unknown key"),
        ("DOORBELL_DOORS__SIDE__BUTTON__PIN", "ninety", "not a whole number"),
        ("DOORBELL_LOG_LEVEL", "LOUD", "'DEBUG', 'INFO'"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(monkeypatch, variable, value, says):
    """A fault of a variable has the variable's name, and not the file's."""
    monkeypatch.setenv(variable, value)
    (fault,) = _faults("")
    assert fault.startswith(f"{variable}: ")
    assert says in fault


def test_a_table_in_the_environment_that_is_no_json_is_a_fault_like_any_other(monkeypatch):
    """A variable may hold a whole table as JSON; if it is no JSON, the fault names the variable."""
    monkeypatch.setenv("DOORBELL_BROKER", "localhost")
    (fault,) = _faults("")
    assert "DOORBELL_BROKER" in fault


def test_an_unknown_key_in_the_environment_is_met_with_a_suggestion(monkeypatch):
    """A typing error is reported in the same way wherever it was made."""
    monkeypatch.setenv("DOORBELL_BROKER__PROT", "1883")
    assert _faults("") == ("DOORBELL_BROKER__PROT: unknown key. Did you mean 'port'?",)


@settings(deadline=None, max_examples=60)
@given(
    secret=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12, max_size=24),
    line=st.sampled_from(
        [
            "[broker]\npassword = {}",
            '[broker]\npassword = "{}',
            '[broker]\npassword = ["{}"]',
            '[broker]\npassword = {{ is = "{}" }}',
            '[broker]\nusername = ["{}"]',
            '[broker]\nport = "{}"',
            'broker = "{}"',
            'handlers = "{}"',
            '[handlers]\nnotify = "{}"',
            '[broker]\nprot = "{}"',
        ]
    ),
)
def test_no_fault_shows_what_was_typed(secret, line):
    """Wherever a secret was put by mistake, the faults do not repeat it."""
    told = "\n".join(_faults(line.format("!" + secret)))
    assert secret not in told


def test_the_environment_beats_the_file(monkeypatch, tmp_path):
    """A variable wins over the file, key by key; what it does not name stays as the file says."""
    monkeypatch.setenv("DOORBELL_BROKER__HOST", "from-environment")
    read = load(_write(tmp_path / "doorbell.toml", '[broker]\nhost = "from-file"\nport = 1999\n'))
    assert (read.broker.host, read.broker.port) == ("from-environment", 1999)


def test_a_json_list_in_the_environment_reaches_a_handlers_list(monkeypatch, tmp_path):
    """A variable can only hold text; a handler's list is written in it as JSON."""

    class Config(HandlerConfig):
        urls: list[str]

    monkeypatch.setenv("DOORBELL_HANDLERS__NOTIFY__URLS", '["json://a", "json://b"]')
    read = load(_write(tmp_path / "doorbell.toml", '[handlers.notify]\nurls = ["json://c"]\n'))
    assert Config.model_validate(read.handlers["notify"]).urls == ["json://a", "json://b"]
