"""A backup from elsewhere leaves no house between the old state and the new one."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.reading import sources
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.verify import verify
from hub.admin.restore.restore import apply, prepare
from hub.process.restore_guard import NOTE
from tests.hub.admin.restore.forged import SETTINGS, Members, forge

TEXT = 'state_dir = "../var"\n[handlers.mine]\nfiles = [{}]\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house with a handler, a token and a little state."""
    for name, text in {
        "etc/doorbell.toml": TEXT.format('"token"'),
        "etc/handlers/mine.py": "# old\n",
        "etc/token": "old",
        "var/old.txt": "old",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "etc" / "doorbell.toml"


def house(config: Path) -> dict[str, str]:
    """All files of the house, by name."""
    files = [path for path in config.parents[1].rglob("*") if path.is_file()]
    return {str(path): path.read_text() for path in files if path.suffix != ".gz"}


def refused(config: Path, members: Members, settings: str = SETTINGS) -> str:
    """Why a backup with these members cannot be restored; nothing is changed by trying."""
    names = [name.removeprefix("settings/") for name in members]
    text = TEXT.format(", ".join(json.dumps(name) for name in names)).encode()
    before = house(config)
    file = forge(
        config.parents[1] / "b.tar.gz",
        {settings: text, **members},
        lambda facts: facts.update(settings=settings),
    )
    with pytest.raises(BackupError) as fault:
        apply(prepare(file, config, sources.load(config)))
    assert house(config) == before
    assert not list(config.parents[1].rglob(".restore-*"))
    return str(fault.value)


@pytest.mark.parametrize(
    "members",
    [
        {f"settings/{NOTE}": b'{"steps": [], "rest": []}'},
        {"settings/before-restore-x/y": b""},
        {"settings/.restore-x/y": b""},
        {"settings/folder": None},
        {"settings/broker": b""},
        {"settings": None},
        {"handlers": b""},
        {f"state/{NOTE}": b"{}"},
        {"state/.own-folders": b""},
        {"state/hub.lock": b""},
        {"state/hub-home.db-journal": b""},
        {"state/before-restore-x/y": b""},
        {"state/x": b"", "state/x/y": b""},
        {"state/x/y": b"", "state/x": b""},
        {"state/" + "d/" * 1500 + "x": b""},
        {"state/" + "x" * 300: b""},
    ],
    ids=lambda members: next(iter(members))[:40],
)
def test_what_no_backup_of_a_house_holds_is_refused(config: Path, members: Members):
    """Above all the note of a restore, which says which files root moves."""
    assert "Do not trust this file" in refused(config, members)


def test_a_file_that_no_setting_names_is_refused(config: Path):
    """Beside the settings a backup has the folder `broker`, and files that settings name."""
    file = forge(config.parents[1] / "b.tar.gz", {SETTINGS: b"", "settings/profile": b"x"})
    with pytest.raises(BackupError, match="no setting names it"):
        prepare(file, config, sources.load(config))


@pytest.mark.parametrize("name", ["handlers", "handlers/mine.py", "doorbell.toml", "../var"])
def test_members_for_one_place_are_refused(config: Path, name: str):
    """A file for the folder of handlers; something in the place of the settings file."""
    if name == "doorbell.toml":
        assert "do not fit" in refused(config, {f"settings/{name}": b""}, "settings/zz.toml")
        assert "do not fit" in refused(config, {f"settings/{name}/x": b""}, "settings/zz.toml")
        return
    assert refused(config, {f"settings/{name}": b""})


def test_a_backup_that_changes_after_the_check_is_refused(config: Path):
    """Its owner exchanges it while root is asked about other places."""
    text = TEXT.format("").replace("../var", "../other").encode()
    file = forge(config.parents[1] / "b.tar.gz", {SETTINGS: text})

    def exchange(_: object) -> None:
        forge(file, {SETTINGS: text, "state/../../../evil": b"x"})

    with pytest.raises(BackupError, match="changed after it was checked"):
        prepare(file, config, sources.load(config), exchange)
    assert not list(config.parents[1].rglob("evil"))


@pytest.mark.parametrize(
    "members",
    [
        {SETTINGS: b'state_dir = "../evil"\n'},
        {SETTINGS: b'state_dir = "../evil2"\n', "state/x": b"x"},
        {SETTINGS: None},
        {"state/x": b"x"},
    ],
    ids=str,
)
def test_other_content_under_the_same_name_is_refused(config: Path, members: Members):
    """What was checked and agreed to is what is unpacked."""
    text = b'state_dir = "../other"\n'
    file = forge(config.parents[1] / "b.tar.gz", {SETTINGS: text, "state/x": b"y"})
    before = config.read_text()

    def exchange(_: object) -> None:
        forge(file, {SETTINGS: text, **members})

    with pytest.raises(BackupError, match="changed after it was checked"):
        prepare(file, config, sources.load(config), exchange)
    assert config.read_text() == before


def test_files_beside_the_settings_are_agreed_to(config: Path):
    """Its settings name them, and those of today do not: the folder may be a home."""
    names = ["token", ".bashrc", "certificates/ca"]
    file = forge(
        config.parents[1] / "b.tar.gz",
        {SETTINGS: TEXT.format(json.dumps(names)[1:-1]).encode()}
        | {f"settings/{name}": b"x" for name in names},
    )
    asked: dict[str, Path] = {}
    prepare(file, config, sources.load(config), asked.update)
    assert asked == {
        f'the file "{name}"': config.parent / name for name in (".bashrc", "certificates/ca")
    }


def test_a_file_in_the_way_is_told_before_anything_is_moved(config: Path):
    """Today a file lies where the backup needs a folder."""
    words = refused(config, {"settings/token/x": b""})
    assert f"{config.parent / 'token'}: a file, where " in words
    assert "Move it to another place" in words


def test_a_folder_replaces_a_file_and_a_file_a_folder(config: Path):
    """Both are set aside as a whole."""
    (config.parents[1] / "var" / "dir").mkdir()
    (config.parents[1] / "var" / "dir" / "x").write_text("x")
    (config.parent / "broker").write_text("a file")
    file = forge(
        config.parents[1] / "b.tar.gz",
        {
            SETTINGS: TEXT.format("").encode(),
            "settings/broker/hub": b"secret",
            "state/old.txt/x": b"new",
            "state/dir": b"new",
        },
    )
    kept = apply(prepare(file, config, sources.load(config)))
    var = config.parents[1] / "var"
    assert (var / "old.txt" / "x").read_text() == (var / "dir").read_text() == "new"
    assert (config.parent / "broker" / "hub").read_text() == "secret"
    found = {path.name for folder in kept for path in folder.rglob("*")}
    assert {"old.txt", "dir", "broker"} <= found


@pytest.mark.parametrize(
    "change",
    [
        {"schemas": [1]},
        {"schemas": {"handlers": 1}},
        {"schemas": {SETTINGS: 1}},
        {"settings": "settings/none.toml"},
        {"settings": "handlers/new.py"},
        {"settings": 5},
        {"format": "1"},
        {"host": "h\n✓ all good"},
        {"members": {}},
        {"mode": 10**30},
        {"mode": None},
        {"owner": "a\0b"},
        {"group": "\ud800"},
        {"owner": 5},
    ],
    ids=str,
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, change: dict[str, Any]):
    """Whatever it holds, the error says that it is no backup of doorbell."""

    def apply_to(facts: dict[str, Any]) -> None:
        changed = facts if change.keys() <= facts.keys() else facts["members"][1]
        changed.update(change)

    members = {SETTINGS: b"", "handlers": None, "handlers/new.py": b""}
    file = forge(tmp_path / "b.tar.gz", members, apply_to)
    with pytest.raises(BackupError, match=r"damaged, or no backup of doorbell.*Take another one"):
        verify(file)


def test_a_newer_manifest_of_another_shape_is_told_as_newer(tmp_path: Path):
    """What to do is an update."""
    file = forge(tmp_path / "b.tar.gz", {}, lambda facts: facts.update(format=2, members={}))
    with pytest.raises(BackupError, match="Update this one"):
        verify(file)


def test_a_second_manifest_is_refused(tmp_path: Path):
    """Only one of them would be checked."""
    with pytest.raises(BackupError, match="there twice"):
        verify(forge(tmp_path / "b.tar.gz", {SETTINGS: b""}, manifests=2))
