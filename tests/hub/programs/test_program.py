"""A program of a person's own does not begin with an empty journal while its own lies elsewhere."""

from pathlib import Path

import pytest

import hub
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
