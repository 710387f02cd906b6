"""Another user owns the state folder: root does nothing for it beyond its rights."""

import os
import pwd
import shutil
import signal
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from config.reading import sources
from hub.admin.backup import archive
from hub.admin.backup.archive import write_backup
from hub.admin.backup.manifest import BackupError, Contents
from hub.admin.backup.verify import verify
from hub.admin.restore.restore import apply, prepare
from hub.admin.restore.restore_steps import at_rest, resume
from hub.process.restore_guard import NOTE
from hub.store.state import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for others: sudo")
HIDDEN = "only root may read this"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can reach, as /etc and /var are; those of pytest are closed."""
    folder = Path(tempfile.mkdtemp(prefix="doorbell-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def house(place: Path) -> Path:
    """A house of root whose state belongs to nobody."""
    config = place / "etc" / "doorbell.toml"
    config.parent.mkdir()
    config.write_text('state_dir = "../var"\nhandlers_dir = "handlers"\n')
    (config.parent / "handlers").mkdir()
    secret = place / "secret"
    secret.write_text(HIDDEN)
    secret.chmod(0o600)
    State(place / "var" / "hub-home.db").close()
    (place / "var" / "link.key").write_text("a key")
    give_away(place / "var")
    return config


def give_away(folder: Path) -> None:
    """All of it belongs to nobody."""
    nobody = pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def backup(config: Path) -> Contents:
    """The backup, sound; its file is `b.tar.gz` beside the house."""
    contents = write_backup(config.parents[1] / "b.tar.gz", config, sources.load(config))
    verify(contents.file)
    return contents


def texts(file: Path) -> dict[str, bytes]:
    """The files of a backup."""
    with tarfile.open(file) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar if one.isreg()}


@contextmanager
def swapping(parent: Path, pattern: str, target: Path) -> Iterator[None]:
    """Meanwhile nobody puts a link in place of a folder, and the folder back, all the time."""
    nobody = pwd.getpwnam("nobody")
    child = os.fork()
    if not child:
        with suppress(BaseException):
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            while True:
                for folder in parent.glob(pattern):
                    swap(folder, target)
        os._exit(0)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def swap(folder: Path, target: Path) -> None:
    """The folder goes, a link comes, the link goes, and the folder comes back."""
    aside, link = folder.with_name("aside"), folder.with_name("link")
    with suppress(OSError):
        link.symlink_to(target)
    with suppress(OSError):
        folder.rename(aside)
        link.rename(folder)
    time.sleep(0.001)  # so that both last long enough to be met
    with suppress(OSError):
        folder.unlink()
    with suppress(OSError):
        aside.rename(folder)
    time.sleep(0.001)


def test_what_lies_in_the_state_folder_spoils_itself_only(house: Path, place: Path):
    """Links to a secret and to themselves, FIFOs, devices, too large and too deep: each is told."""
    var = place / "var"
    (var / "secret.txt").symlink_to(place / "secret")
    (var / "secret.db").symlink_to(place / "secret")
    (var / "loop").symlink_to(var / "loop")
    (var / "zero").symlink_to("/dev/zero")
    os.mkfifo(var / "pipe")
    os.mkfifo(var / "pipe.db")
    shutil.copy(var / "hub-home.db", var / "other.db")
    os.mkfifo(var / "other.db-wal")
    (var / "junk.db").write_bytes(b"no database" * 1000)
    os.truncate(var / "link.key", 5)
    with (var / "vast").open("wb") as vast:
        vast.truncate(1 << 40)
    deep = var
    for _ in range(40):
        deep /= "d"
        deep.mkdir()
    (var / "closed").mkdir(mode=0o700)
    give_away(var)
    os.chown(var / "closed", 0, 0)
    contents = backup(house)
    found = texts(contents.file)
    assert found["state/link.key"] == b"a key"
    assert {"state/hub-home.db", "settings/doorbell.toml"} <= found.keys()
    assert not any(HIDDEN.encode() in content for content in found.values())
    told = "\n".join(contents.left_out)
    for name in ("secret.txt", "secret.db", "loop", "zero", "pipe", "pipe.db", "other.db"):
        assert f"{var / name}: ".replace(str(place), "") in told.replace(f"{place}/etc/..", "")
    assert "vast: larger than" in told
    assert "junk.db: cannot be copied" in told
    assert "closed: Permission denied" in told
    assert "folders deep" in told
    assert not found.keys() & {"state/secret.txt", "state/vast", "state/zero", "state/pipe"}


def test_what_every_user_may_read_is_followed(house: Path, place: Path):
    """A link to a file that the owner may read is a copy of that file, as before."""
    (place / "open").write_text("open")
    (place / "var" / "linked").symlink_to(place / "open")
    give_away(place / "var")
    assert texts(backup(house).file)["state/linked"] == b"open"


def test_a_folder_that_is_swapped_for_a_link_all_the_time_gives_no_secret(house: Path, place: Path):
    """The link leads to a folder of root, which nobody may read."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    inner = place / "var" / "inner"
    inner.mkdir()
    for index in range(30):
        (closed / f"f{index:02}").write_text(HIDDEN)
        (inner / f"f{index:02}").write_text("own")
    give_away(place / "var")
    with swapping(inner.parent, inner.name, closed):
        for _ in range(5):
            contents = write_backup(place / "b.tar.gz", house, sources.load(house))
            found = texts(contents.file)
            assert "state/link.key" in found
            assert not any(HIDDEN.encode() in content for content in found.values())


def test_a_restore_creates_and_gives_away_nothing_elsewhere(house: Path, place: Path):
    """Links under the names that a restore uses: locks, old rests, the files themselves."""
    file = backup(house).file
    var = place / "var"
    rooted = place / "rooted"
    rooted.mkdir(mode=0o700)
    (rooted / "link.key").write_text(HIDDEN)
    (var / "link.key").unlink()
    (var / "link.key").symlink_to(place / "secret")
    (var / "made.lock").symlink_to(rooted / "made")
    os.mkfifo(var / "pipe.lock")
    (var / ".restore-old").symlink_to(rooted)
    (var / "before-restore-old").symlink_to(rooted)
    os.mkfifo(var / ".restore-pipe")
    give_away(var)
    with at_rest(var):
        pass
    apply(prepare(file, house, sources.load(house)))
    assert (place / "secret").read_text() == HIDDEN
    assert (place / "secret").stat().st_uid == 0
    assert [path.name for path in rooted.iterdir()] == ["link.key"]
    assert (rooted / "link.key").stat().st_uid == 0
    assert (var / "link.key").read_text() == "a key"
    assert not (var / "link.key").is_symlink()
    assert (var / "link.key").stat().st_uid == pwd.getpwnam("nobody").pw_uid


def test_a_swapped_folder_leads_a_restore_nowhere(house: Path, place: Path):
    """Whatever becomes of the restore: nothing is created, changed or given away elsewhere."""
    for index in range(30):
        (place / "var" / f"f{index:02}").write_text("own")
    give_away(place / "var")
    file = backup(house).file
    rooted = place / "rooted"  # it can be seen, and not changed
    shutil.copytree(place / "var", rooted / "state")

    def seen() -> dict[str, tuple[int, int]]:
        return {one.name: (one.stat().st_uid, one.stat().st_mode) for one in rooted.rglob("*")}

    before = seen()
    for _ in range(4):
        with (
            swapping(place / "var", ".restore-*", rooted),
            suppress(BackupError, OSError),  # the owner harms itself
        ):
            apply(prepare(file, house, sources.load(house)))
        (house.parent / NOTE).unlink(missing_ok=True)
        give_away(place / "var")
    assert seen() == before


def test_a_backup_gives_the_settings_to_no_user(house: Path):
    """They say where root writes; the group that may read them is that of the backup."""
    nobody = pwd.getpwnam("nobody")
    handler = house.parent / "handlers" / "mine.py"
    handler.write_text("")
    for path in (house, handler):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    file = backup(house).file
    for path in (house, handler):
        os.chown(path, 0, 0)
    apply(prepare(file, house, sources.load(house)))
    facts = [path.stat() for path in (house, handler)]
    assert [(one.st_uid, one.st_gid) for one in facts] == [(0, nobody.pw_gid)] * 2


def test_root_obeys_no_note_of_another_user(house: Path, place: Path):
    """A note says which files are moved."""
    note = house.parent / NOTE
    step = {"present": str(place / "secret"), "aside": str(place / "var/got"), "new": None}
    note.write_text(f'{{"steps": [{step}], "rest": []}}'.replace("'", '"').replace("None", "null"))
    give_away(house.parent)
    with pytest.raises(BackupError, match="not by root"):
        resume(note)
    assert (place / "secret").read_text() == HIDDEN


def test_the_copy_of_a_state_file_is_whole_and_leaves_nothing(
    house: Path, place: Path, monkeypatch: pytest.MonkeyPatch
):
    """It is made by a process that is the owner."""
    for_root = place / "tmp"
    for_root.mkdir()
    for_root.chmod(0o1777)
    monkeypatch.setattr(archive, "FOR_ROOT", for_root)
    copy = place / "copy.db"
    contents = backup(house)
    copy.write_bytes(texts(contents.file)["state/hub-home.db"])
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
    assert list(for_root.iterdir()) == []
