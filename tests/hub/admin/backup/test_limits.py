"""What a backup writes can be restored, whatever a process puts into its own folder."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from config import sources
from hub.admin.backup.archive import write_backup
from hub.admin.backup.manifest import BackupError, Contents
from hub.admin.backup.rules import largest_sum
from hub.admin.backup.shares import Limits
from hub.admin.backup.verify import verify
from hub.admin.restore.restore import apply, prepare
from hub.store.state import State

SMALL = Limits(listing=64 << 10, content=4 << 20)
ALL = {"state/hub-home.db", "state/good.db", "state/bad.db", "state/web-links.json"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house in which each process has a folder of its own."""
    config = tmp_path / "etc" / "doorbell.toml"
    config.parent.mkdir()
    config.write_text('state_dir = "../var"\n')
    for part, name in {
        "hub": "hub-home.db", "handlers/bad": "bad.db", "handlers/good": "good.db",
    }.items():  # fmt: skip
        State(tmp_path / "var" / part / name).close()
    (tmp_path / "var" / ".own-folders").touch()
    (tmp_path / "var" / "web").mkdir()
    (tmp_path / "var" / "web" / "web-links.json").write_text("{}")
    return config


def backup(config: Path, limits: Limits = SMALL) -> tuple[Contents, set[str]]:
    """A backup that a restore accepts, and the names in it."""
    file = config.parents[1] / "b.tar.gz"
    contents = write_backup(file, config, sources.load(config), clips=True, limits=limits)
    facts = verify(file)
    with tarfile.open(file) as tar:
        assert tar.getmember("manifest.json").size < limits.listing
        total = sum(member.size for member in tar)
    assert total <= largest_sum(file.stat().st_size, limits.content)
    return contents, {member["name"] for member in facts["members"]}


@pytest.mark.parametrize("part", ["handlers/bad", "media"])
def test_a_process_with_any_number_of_files_spoils_only_itself(config: Path, part: str):
    """The first of them are in it, and one line says which are not."""
    folder = config.parents[1] / "var" / part
    folder.mkdir(exist_ok=True)
    for index in range(300):
        (folder / f"f{index:03}").touch()
    contents, names = backup(config)
    assert names >= ALL
    assert 10 < len(names) < 300
    (line,) = contents.left_out
    assert line.endswith("and all that follow: too many files for one backup")


def test_a_process_with_any_number_of_odd_files_fills_no_screen(config: Path):
    """Each line counts as a file does."""
    for index in range(300):
        os.mkfifo(config.parents[1] / "var" / "handlers" / "bad" / f"f{index:03}")
    contents, names = backup(config)
    assert names >= ALL
    assert 10 < len(contents.left_out) < 150


def test_a_process_with_vast_files_spoils_only_itself(config: Path):
    """Sparse files: they take no room in the archive, and would fill a disk."""
    folder = config.parents[1] / "var" / "handlers" / "bad"
    for index in range(20):
        (folder / f"vast{index:02}").touch()
        os.truncate(folder / f"vast{index:02}", 150_000)
    (config.parents[1] / "var" / "handlers" / "good" / "small").write_bytes(os.urandom(100_000))
    contents, names = backup(config)
    assert names >= ALL | {"state/handlers/bad/vast00", "state/handlers/good/small"}
    assert "state/handlers/bad/vast19" not in names
    assert "vast19: too large, together with" in contents.left_out[-1]


def test_clips_may_be_more_than_that(config: Path):
    """They are compressed already, so that the archive grows with them."""
    media = config.parents[1] / "var" / "media"
    media.mkdir()
    for index in range(4):
        (media / f"{index}.mp4").write_bytes(os.urandom(400_000))
    contents, names = backup(config, Limits(listing=64 << 10, content=1_000_000))
    assert "state/media/3.mp4" in names
    assert contents.left_out == []


def test_each_file_is_in_it_once_and_comes_back(config: Path):
    """Settings that name a file in several ways, or one that lies in the state."""
    home = config.parent
    texts = ["token", "./token", "x/../token", "doorbell.toml", "broker/../broker/ca", "state/key"]
    config.write_text(
        f'state_dir = "state"\n[handlers.mine]\nfiles = {json.dumps([*texts, "../outside"])}\n'
    )
    for name in ("token", "broker/ca", "state/key", "../outside", "x/y"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("old")
    contents, names = backup(config)
    assert names == {
        "settings/doorbell.toml", "settings/token", "settings/broker", "settings/broker/ca",
        "state/key",
    }  # fmt: skip
    assert contents.left_out == ["../outside: it is not in the folder of the settings"]
    apply(prepare(contents.file, config, sources.load(config)))
    assert (home / "token").read_text() == "old"


def test_what_belongs_to_a_running_database_is_left_out(config: Path):
    """A rollback journal beside the copy of its file would spoil it."""
    (config.parents[1] / "var" / "hub" / "hub-x.sqlite-journal").touch()
    assert not any(name.endswith("-journal") for name in backup(config)[1])


@pytest.mark.parametrize(
    "text",
    [
        'handlers_dir = "."\n',
        'handlers_dir = ".."\n',
        'state_dir = "handlers/state"\n',
        'handlers_dir = "broker/handlers"\n',
        'state_dir = "broker/state"\n',
    ],
)
def test_a_house_that_could_not_be_restored_is_not_backed_up(config: Path, text: str):
    """The folders of one part lie within another, and each is replaced as a whole."""
    rest = "" if "state_dir" in text else 'state_dir = "../var"\n'
    config.write_text(text + rest)
    with pytest.raises(BackupError, match="of its own"):
        backup(config)
