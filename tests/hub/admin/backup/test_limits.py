"""What a backup writes can be restored, whatever a process puts into its own folder."""

import json
import os
import shutil
import sqlite3
import struct
import tarfile
from pathlib import Path

import pytest

from config.reading import sources
from hub.admin.backup.archive import write_backup
from hub.admin.backup.manifest import BackupError, Contents
from hub.admin.backup.members.members import Member
from hub.admin.backup.rules import largest_sum
from hub.admin.backup.shares import Limits, Share
from hub.admin.backup.verify import verify
from hub.admin.backup.writer import Databases, Writer
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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("PRAGMA user_version = 2147483647", "written by a newer doorbell"),
        ("DROP TABLE meta", "no such table: meta"),
        ("CREATE TRIGGER t INSERT ON meta BEGIN SELECT RAISE(ABORT, 'no'); END", "a trigger"),
        (
            "ALTER TABLE meta ADD COLUMN big GENERATED ALWAYS AS (zeroblob("
            "iif(value = 'restored', 100000, 1))) VIRTUAL;"
            "CREATE INDEX large ON meta (big)",
            "full",
        ),
    ],
)
def test_a_state_file_that_a_restore_would_refuse_spoils_itself_only(
    config: Path, change: str, told: str
):
    """Of a newer program, without a table of ours, or with code of its own."""
    path = config.parents[1] / "var" / "handlers" / "bad" / "odd.db"
    State(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = DELETE")
    db.executescript(change)
    db.close()
    contents, names = backup(config)
    assert names >= ALL
    (line,) = contents.left_out
    assert f"{path.name}: " in line
    assert told in line
    apply(prepare(contents.file, config, sources.load(config)))


def test_state_files_that_take_too_long_hold_up_only_their_own(tmp_path: Path):
    """A process may lock any number of them; each would be waited for."""
    paths = [tmp_path / f"x{index}.db" for index in range(3)]
    for path in paths:
        State(path).close()
    contents = Contents(tmp_path / "b.tar.gz")
    share = Share(1 << 20, 1 << 20, patience_s=0.0)
    with contents.file.open("wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as tar:
        members = [Member(f"state/{path.name}", path) for path in paths]
        writer = Writer(tar, raw, contents, Limits())
        writer.add(members, share, Databases(tmp_path, tmp_path / "scratch"))
    assert contents.members == []
    assert [line.partition(": ")[2] for line in contents.left_out] == [
        "the state files before it took too long"
    ] * 3


def test_a_log_that_says_any_size_fills_no_disk(config: Path):
    """A copy would be as large as the last commit in the write-ahead log says."""
    path = config.parents[1] / "var" / "handlers" / "bad" / "odd.db"
    vast_log(path, pages=1 << 20)
    contents, names = backup(config)
    assert names >= ALL
    assert "odd.db: damaged: it says that it is much larger" in contents.left_out[0]


def vast_log(path: Path, pages: int) -> None:
    """A database with a log, sound by its checksums: https://sqlite.org/fileformat2.html#walformat."""
    source = path.with_name("source.db")
    db = sqlite3.connect(source, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (a)")
    shutil.copy(source, path)
    log = bytearray(source.with_name("source.db-wal").read_bytes())
    db.close()
    source.unlink()
    page_bytes = struct.unpack_from(">I", log, 8)[0]
    sums = checksum(log[:24], (0, 0))
    for frame in range(32, len(log), 24 + page_bytes):
        page, commit = struct.unpack_from(">2I", log, frame)
        if page == 1:
            struct.pack_into(">I", log, frame + 24 + 28, pages)
        if commit:
            struct.pack_into(">I", log, frame + 4, pages)
        sums = checksum(log[frame : frame + 8], sums)
        sums = checksum(log[frame + 24 : frame + 24 + page_bytes], sums)
        struct.pack_into(">2I", log, frame + 16, *sums)
    path.with_name(f"{path.name}-wal").write_bytes(log)


def checksum(content: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    """Of the log of a little-endian machine."""
    first, second = sums
    for one, two in struct.iter_unpack("<2I", content):
        first = (first + one + second) % (1 << 32)
        second = (second + two + first) % (1 << 32)
    return first, second
