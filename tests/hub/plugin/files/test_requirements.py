"""PEP 723: what a handler file needs is checked before it runs; a fault says how to install it."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from config import Settings, SettingsError
from hub.plugin import loader
from hub.plugin.files import requirements

HANDLER = 'import {module}\nfrom hub import handler\n@handler("a.b")\ndef f(event, config): pass\n'


@pytest.fixture
def faults(tmp_path: Path):
    """What is wrong with a handler that has these lines in its block."""

    def look(*lines: str, module: str = "json") -> tuple[str, ...]:
        block = (
            "".join(f"# {line}".rstrip() + "\n" for line in ("/// script", *lines, "///"))
            if lines
            else ""
        )
        path = tmp_path / "panel.py"
        path.write_text(block + HANDLER.format(module=module), encoding="utf-8")
        try:
            loader.load(path, Settings())
        except SettingsError as error:
            return error.faults
        return ()

    return look


def test_what_is_there_is_no_fault(faults):
    """Also with a version, a marker for another system, an empty line, and a fitting Python."""
    elsewhere = "winreg-x; sys_platform == 'win32'"
    assert (
        faults(f'dependencies = ["pydantic>=2", "{elsewhere}"]', "", 'requires-python = ">=3.11"')
        == ()
    )


def test_what_is_missing_is_told_before_the_file_runs(faults):
    """All of it at once, with one command that brings it where doorbell is."""
    told = faults('dependencies = ["no-such-thing>=3.5", "no-other-thing"]', module="no_such_thing")
    assert told[0] == "panel.py: it needs no-such-thing>=3.5, and it is not installed."
    assert told[1].endswith(f"{sys.prefix}/bin/pip install 'no-such-thing>=3.5' 'no-other-thing'")


def test_on_an_installed_pi_the_command_is_good_after_an_update_too(faults, tmp_path, monkeypatch):
    """By the name that stays; and its unit, which waits for a change, is started again."""
    (tmp_path / "doorbell").symlink_to(sys.prefix)
    monkeypatch.setattr(requirements, "INSTALLED", tmp_path / "doorbell")
    (told,) = faults('dependencies = ["no-such-thing"]')
    pip = tmp_path / "doorbell/bin/pip"
    assert told.endswith(
        f"sudo {pip} install 'no-such-thing' && sudo systemctl restart doorbell-handler@panel"
    )


def test_what_is_too_old_is_told(faults):
    """With the version that is there."""
    (told,) = faults('dependencies = ["pydantic>=99"]')
    assert f"it needs pydantic>=99, and {version('pydantic')} is installed" in told


def test_a_version_that_doorbell_itself_has_otherwise_is_told(faults, tmp_path, monkeypatch):
    """No command is named that cannot work, except for what really is missing."""
    locked = tmp_path / "constraints.txt"
    locked.write_text("Pydantic==2.14.4\n", encoding="utf-8")
    monkeypatch.setattr(requirements, "LOCKED", locked)
    first, second = faults('dependencies = ["no-such-thing", "pydantic<2"]')
    assert first.startswith("panel.py: it needs pydantic<2, and doorbell itself is installed with")
    assert "Write a version that 2.14.4 fits, or leave the version out" in first
    assert second.endswith("pip install 'no-such-thing'")


def test_another_python_is_told(faults):
    """It cannot be helped, but known."""
    (told,) = faults('requires-python = ">=4"')
    assert "it needs Python >=4, and this is 3." in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dependencies = [", "not TOML"),
        ('dependencies = "pyserial"', "is not a list"),
        ('dependencies = ["=="]', "is not a requirement"),
        ('requires-python = "new"', "is not a version"),
    ],
)
def test_a_block_that_says_nothing_sensible_is_told(line: str, words: str, faults):
    """With what it should look like."""
    (told,) = faults(line)
    assert words in told


def test_a_file_without_a_block_pays_nothing(faults):
    """What reads versions is not loaded for it."""
    sys.modules.pop("packaging.requirements", None)
    assert faults() == ()
    assert "packaging.requirements" not in sys.modules
