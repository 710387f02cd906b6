"""A process does not start with an empty state file while its own lies elsewhere."""

from pathlib import Path

import pytest

from config import Settings
from config.reading import sources
from hub.process import state_place
from hub.store.own_folders import MARK
from hub.store.state import StateError
from hub.wire.tokens.house_key import KEY_FILE, key_in

HANDLER = "handlers/light"


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings as the unit of `light` reads them."""
    path = tmp_path / "doorbell.toml"
    path.write_text('state_dir = "house"\n')
    monkeypatch.setenv("DOORBELL_OWN_FOLDER", HANDLER)
    return sources.load(path)


def test_a_unit_keeps_its_state_in_its_own_folder(unit: Settings, tmp_path: Path):
    """Below the house's, which it knows, too."""
    assert unit.state_dir == tmp_path / "house" / HANDLER
    assert unit.house_dir == tmp_path / "house"


def test_without_a_unit_all_is_in_one_folder(tmp_path: Path):
    """The house's."""
    settings = Settings(state_dir=tmp_path)
    assert settings.house_dir == settings.state_dir
    assert state_place.fault(settings) is None


def test_a_unit_waits_for_its_own_state_file_only(unit: Settings):
    """Another process's file in the house's folder does not hold it up."""
    unit.state_dir.mkdir(parents=True)
    (unit.house_dir / "bark.db").touch()
    state_place.refuse(unit)
    (unit.house_dir / "light.db").touch()
    with pytest.raises(StateError, match=r"light\.db: not yet in .*sudo doorbell install"):
        state_place.refuse(unit)


def test_a_process_without_a_folder_of_its_own_leaves_such_a_house_alone(
    unit: Settings, monkeypatch: pytest.MonkeyPatch
):
    """A unit of an earlier version, or `doorbell run`, would begin with nothing."""
    unit.state_dir.mkdir(parents=True)
    house = unit.house_dir
    (house / MARK).touch()
    monkeypatch.delenv("DOORBELL_OWN_FOLDER")
    with pytest.raises(StateError, match="each unit has a folder of its own"):
        state_place.refuse(Settings(state_dir=house))


def test_a_unit_gets_the_key_of_the_house_as_a_credential_or_not_at_all(
    unit: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without it a handler cannot sign links, and no key of its own takes its place."""
    with pytest.raises(OSError, match=r"LoadCredential=answers\.key"):
        key_in(unit.house_dir)
    (tmp_path / KEY_FILE).write_text("k" * 40)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert key_in(unit.house_dir) == "k" * 40
    assert not unit.house_dir.exists()
