"""A program of a person's own opens its own state file, and where it lies no other."""

from pathlib import Path

import pytest

import hub
from config import SettingsError
from hub.store.own_folders import MARK
from hub.store.state import State, StateError


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An installed one: each process has a folder of its own."""
    (tmp_path / "doorbell.toml").write_text('state_dir = "house"\n[broker]\nport = 9\n')
    house = tmp_path / "house"
    house.mkdir()
    (house / MARK).touch()
    return house


def _open(house: Path) -> None:
    with hub.producer("shop", house.parent / "doorbell.toml"):
        pass


def test_its_journal_is_in_the_folder_of_its_unit(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits there until an update, or a restore, has moved its journal."""
    monkeypatch.setenv("DOORBELL_OWN_FOLDER", "handlers/shop")
    State(house / "producer-shop.db").close()
    with pytest.raises(StateError, match=r"producer-shop\.db: not yet in .*doorbell install"):
        _open(house)
    (house / "producer-shop.db").unlink()
    _open(house)
    assert (house / "handlers/shop/producer-shop.db").exists()


def test_without_such_a_folder_it_does_not_start_in_an_installed_house(house: Path) -> None:
    """The next update would take its journal away."""
    with pytest.raises(StateError, match="DOORBELL_OWN_FOLDER=handlers/NAME"):
        _open(house)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("hub-home", "those of other processes"),
        ("producer-shop", "those of other processes"),
        ("2nd-copy", "beginning with a letter"),
        ("x" * 33, "32 characters at most"),
    ],
)
def test_a_follower_takes_no_other_process_s_file(tmp_path: Path, name: str, rule: str) -> None:
    """Its file is NAME.db, so its name follows the rule for a handler's."""
    config = tmp_path / "doorbell.toml"
    config.write_text(f'state_dir = "{tmp_path}"\n[broker]\nport = 9\n')
    with pytest.raises(SettingsError, match=rule), hub.follower(name, "*", config=config):
        pass
    assert not (tmp_path / f"{name}.db").exists()
