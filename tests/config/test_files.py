"""The settings files: which one is read, what it means, and that ours are valid."""

import re
from pathlib import Path

import pytest

from config import Settings, SettingsError
from config.places import INSTALLED
from config.reading.sources import DEMO, find, load

FIRST_STEPS = (Path(__file__).parents[2] / "docs" / "first-steps.md").read_text(encoding="utf-8")
GUIDE_TOML = re.findall(r"^```toml\n(.*?)^```", FIRST_STEPS, re.MULTILINE | re.DOTALL)
FULL = """
hub = "cottage"
state_dir = "state"
[house]
latitude = 69.65
longitude = 18.96
[broker]
host = "localhost"
password = "hunter2"
[doors.front]
button = { driver = "gpio", pin = 17, pull = "down" }
[handlers.notify]
urls = ["json://localhost"]
"""


def _write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_given_is_read_before_all_others(monkeypatch, tmp_path):
    """The order is `--config`, $DOORBELL_CONFIG, the folder, the home, the demo."""
    assert find() == (INSTALLED if INSTALLED.is_file() else DEMO)
    home = _write(tmp_path / "home/.config/doorbell/doorbell.toml")
    assert find() == home
    here = _write(tmp_path / "doorbell.toml")
    assert find() == here
    by_variable = _write(tmp_path / "variable.toml")
    monkeypatch.setenv("DOORBELL_CONFIG", str(by_variable))
    assert find() == by_variable
    given = _write(tmp_path / "given.toml")
    assert find(Path("given.toml")) == given


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_file_that_was_asked_for_and_is_not_there_is_told(monkeypatch, by_variable):
    """Nobody who names a file gets another one instead."""
    _write(Path("doorbell.toml"))
    monkeypatch.setenv("DOORBELL_CONFIG", "absent.toml" if by_variable else "")
    with pytest.raises(
        SettingsError, match=r"^absent\.toml: no such settings file\. Give another with --config"
    ):
        find(None if by_variable else Path("absent.toml"))


def test_relative_folders_are_taken_from_the_files_own(tmp_path):
    """A settings file means the same from wherever a process is started."""
    text = """
state_dir = "state"
handlers_dir = "/srv/handlers"
[chime]
speaker = "auto"
sound = "gong.wav"
"""
    read = load(_write(tmp_path / "etc/doorbell.toml", text))
    assert read.chime.sound == tmp_path / "etc/gong.wav"
    assert (read.state_dir, read.handlers_dir) == (tmp_path / "etc/state", Path("/srv/handlers"))


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path):
    """`~` is the home of the user who runs it, in the file and in the default."""
    read = load(_write(tmp_path / "doorbell.toml", 'handlers_dir = "~/reactions"\n'))
    assert read.handlers_dir == tmp_path / "home/reactions"
    assert read.state_dir == tmp_path / "home/.local/state/doorbell"


def test_the_xdg_variables_move_the_users_own_files(monkeypatch, tmp_path):
    """XDG variables replace `~/.config` and `~/.local/state`; the file's own setting wins."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    _write(tmp_path / "home/.config/doorbell/doorbell.toml")
    own = _write(tmp_path / "settings/doorbell/doorbell.toml")
    assert find() == own
    assert load(own).state_dir == tmp_path / "states/doorbell"
    assert load(DEMO).state_dir == tmp_path / "states/doorbell"
    _write(own, 'state_dir = "~/mine"\n')
    assert load(own).state_dir == tmp_path / "home/mine"


@pytest.mark.parametrize("value", ["", "relative/folder", "~/folder"])
def test_an_xdg_variable_without_an_absolute_path_is_ignored(monkeypatch, tmp_path, value):
    """The XDG Base Directory Specification asks for that."""
    monkeypatch.setenv("XDG_CONFIG_HOME", value)
    monkeypatch.setenv("XDG_STATE_HOME", value)
    own = _write(tmp_path / "home/.config/doorbell/doorbell.toml")
    assert find() == own
    assert load(own).state_dir == tmp_path / "home/.local/state/doorbell"


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch):
    """The demo starts nowhere by guess; with `XDG_STATE_HOME` or `state_dir` it needs no home."""
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert find() == (INSTALLED if INSTALLED.is_file() else DEMO)
    with pytest.raises(SettingsError, match=r"no home folder\. Set state_dir, or HOME"):
        load(DEMO)
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/states")
    assert load(DEMO).state_dir == Path("/srv/states/doorbell")


def test_the_demos_folders_are_taken_from_where_the_person_stands(tmp_path):
    """The demo's file belongs to the package, where no user has handlers."""
    assert load(DEMO).handlers_dir == tmp_path / "handlers"


@pytest.mark.parametrize("text", ["", FULL, *GUIDE_TOML, DEMO.read_text(encoding="utf-8")])
def test_every_file_that_we_show_can_be_loaded(tmp_path, text):
    """The demo's settings and every TOML block of the first steps are good."""
    assert isinstance(load(_write(tmp_path / "doorbell.toml", text)), Settings)


def test_the_readme_shows_a_settings_file():
    """Without a block there the test above would hold nothing."""
    assert any("[doors.front]" in block for block in GUIDE_TOML)


def test_a_secret_is_read_whole_and_shown_masked(tmp_path):
    """The broker gets the password that was set; printed settings do not show it."""
    broker = load(_write(tmp_path / "doorbell.toml", FULL)).broker
    assert broker.password
    assert broker.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(broker)


@pytest.mark.parametrize(
    ("key", "name"),
    [("front", "Front door"), ("back_gate", "Back gate door"), ("side", "Seiteneingang")],
)
def test_a_door_without_a_name_is_called_by_its_key(key, name):
    """People read a door's name; where none was set, its key is made readable."""
    assert Settings(doors={"side": {"name": "Seiteneingang"}}).door_name(key) == name
