"""All faults of the settings are told at once, each with its line, and none that only follows."""

import pytest

from config import Settings, SettingsError
from config.reading.sources import load


def _refused(tmp_path, text: str) -> SettingsError:
    path = tmp_path / "doorbell.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        load(path)
    return told.value


def _faults(tmp_path, text: str) -> list[str]:
    return [fault.removeprefix("doorbell.toml: ") for fault in _refused(tmp_path, text).faults]


TRIGGER = """[triggers.a]
topic = "x"
door = "frnt"
say = "doorbell.pressed"
"""


def test_faults_of_all_kinds_are_told_together(tmp_path):
    """A line that is no TOML, a value, an unknown table, and tables that do not fit each other."""
    text = f"[broker]\ntls = yes\n[quiet]\nend = 7\n[borker]\nx = 1\n{TRIGGER}[clock]\nsun = true\n"
    assert _faults(tmp_path, text) == [
        "line 2: [broker] tls: write true or false, in small letters.",
        "line 4: [quiet] end: not a time. Write it like 22:00:00.",
        "line 5: [borker]: unknown table. Did you mean 'broker'?",
        "line 12: [clock] sun: it needs a place. Set latitude and longitude in [house].",
        "line 9: [triggers.a] door: there is no [doors.frnt]. There are: front.",
    ]


def test_all_tables_that_do_not_fit_each_other_are_told(tmp_path):
    """Not only the first pair."""
    button = 'button = { driver = "gpio", pin = 3 }\n'
    doors = f"[doors.a]\n{button}[doors.b]\n{button}"
    clock = "[clock]\nsun = true\nquiet = true\n"
    rest = '[homeassistant]\nprefix = "doorbell/x"\n'
    faults = _faults(tmp_path, doors + clock + TRIGGER.replace('"x"', '"doorbell/#"') + rest)
    assert [fault.split(": ")[:2] for fault in faults] == [
        ["line 4", "[doors.b.button] pin"],
        ["line 6", "[clock] sun"],
        ["line 7", "[clock] quiet"],
        ["line 10", "[triggers.a] door"],
        ["line 9", "[triggers.a] topic"],
        ["line 13", "[homeassistant] prefix"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[house]\nlatitude = 99\nlongitude = 13.4\n[clock]\nsun = true\n",
        "[house]\nlatitude = 52,5\nlongitude = 13.4\n[clock]\nsun = true\n",
        "[quiet]\nbegin = 22\nend = 07:00:00\n[clock]\nquiet = true\n",
        "[quiet]\nbegin = 10pm\nend = 07:00:00\n[clock]\nquiet = true\n",
        TRIGGER.replace('"x"', "5").replace("frnt", "front"),
        TRIGGER.replace('"x"', "x").replace("frnt", "front"),
        "[doors]\nfrnt = 5\n" + TRIGGER,
        "[doors.frnt.button]\npin = 99\n" + TRIGGER,
        "[doors.'Back Door']\n",
        "doors = 'front'\n" + TRIGGER,
        "[doors.front.button]\ndriver = 'gpio'\npin = 'x'\n",
    ],
)
def test_a_fault_that_only_follows_is_not_told(tmp_path, text):
    """It would send people to a line that is right."""
    assert len(_faults(tmp_path, text)) == 1


def test_the_rest_of_the_settings_stays_usable(tmp_path):
    """`doorbell check` goes on with the handlers then."""
    text = f'hub = "cottage"\n[broker]\nhost = h\nport = "x"\nroot = "a"\n{TRIGGER}'
    text = text.replace("frnt", "front")
    usable = _refused(tmp_path, text + "[handlers.bark]\nvolume = 5\n").usable
    assert isinstance(usable, Settings)
    assert (usable.hub, usable.broker.root, usable.triggers["a"].topic) == ("cottage", "a", "x")
    assert usable.handlers == {"bark": {"volume": 5}}


def test_a_fault_between_tables_leaves_the_rest_usable(tmp_path):
    """Also where one of its two sides is a default, and so nothing that could be left out."""
    refused = _refused(tmp_path, '[broker]\nroot = "homeassistant"\n[handlers.bark]\nvolume = 5\n')
    assert len(refused.faults) == 1
    assert refused.usable
    assert refused.usable.handlers == {"bark": {"volume": 5}}


def test_a_key_that_is_named_like_a_sign_of_pydantic_is_unknown(tmp_path):
    """`[key]` is what it calls the name of an entry."""
    assert _faults(tmp_path, '"[key]" = 1\n')[0].startswith("line 1: [key]: unknown key.")


@pytest.mark.parametrize("text", ["[doors.front\nname = 'x'\n[quiet]\nend = 7\n", "\0" * 50])
def test_nothing_is_guessed_from_a_file_without_structure(tmp_path, text):
    """Where the name of a table is faulty, nobody knows of what the keys below it are."""
    refused = _refused(tmp_path, text)
    assert len(refused.faults) == 1
    assert refused.usable is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("broker.port = 'x'\n", 1),
        ("[doors]\nfront.button.pin = 99\n", 2),
        ("[ doors . 'front' . button ]\n# pin\npin = 99\n", 3),
        ("[doors.front]\nbutton = { pin = 99 }\n", 2),
        ("[web]\nproxies = [\n  '::1', # [\n  '::2',\n]\nport = 'x'\n", 6),
        ("[doors.front]\nname = '''\n[broker]\nport = 0\n'''\n[broker]\nport = 'x'\n", 7),
    ],
)
def test_the_line_is_found_however_it_is_written(tmp_path, text, line):
    """Dotted, in braces, below a list or a text of several lines."""
    assert _faults(tmp_path, text)[0].startswith(f"line {line}: ")
