"""Root reads and writes a file that is named, and nothing else that lies under its name."""

import os
import stat
from pathlib import Path

import pytest

from config.reading import sources
from hub.admin.backup.archive import write_backup
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.verify import verify


def backup(config: Path, file: Path) -> None:
    """Write one there."""
    write_backup(file, config, sources.load(config))


def _device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 7))  # as /dev/full
    except PermissionError:
        pytest.skip("this user may make no device")


def _socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


def _link(path: Path) -> None:
    path.with_name("led-to").write_text("a text")
    path.symlink_to("led-to")


@pytest.mark.parametrize(
    "make", [os.mkfifo, _device, _socket, _link, Path.mkdir, lambda path: path.symlink_to("none")]
)
def test_what_is_no_file_is_not_replaced(config: Path, tmp_path: Path, make):
    """`doorbell backup /dev/full` would replace the device for all programs."""
    target = tmp_path / "target"
    make(target)
    before = target.lstat()
    with pytest.raises(BackupError, match="Name a file"):
        backup(config, target)
    after = target.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert not target.with_name(".target.new").exists()


def test_only_a_backup_is_replaced(config: Path, tmp_path: Path):
    """So a nightly backup may have one name; an empty file is what `mktemp` makes."""
    target = tmp_path / "b.tar.gz"
    target.write_text("a letter")
    with pytest.raises(BackupError, match="Name another file, or remove that one"):
        backup(config, target)
    assert target.read_text() == "a letter"
    target.write_bytes(b"")
    backup(config, target)
    target.write_bytes(target.read_bytes()[:-100])  # also one that is damaged
    backup(config, target)
    verify(target)


def test_a_folder_or_a_backup_that_is_not_there_is_told(config: Path, tmp_path: Path):
    """A slip of the pen is neither a full disk nor a damaged backup."""
    with pytest.raises(BackupError, match=r"there is no folder .*nix\. Make it, or name another"):
        backup(config, tmp_path / "nix" / "x.tar.gz")
    with pytest.raises(BackupError, match=r"x\.tar\.gz: there is no such file\. Look at its name"):
        verify(tmp_path / "x.tar.gz")


def test_a_fifo_is_no_backup(tmp_path: Path):
    """It is not waited for."""
    fifo = tmp_path / "b.tar.gz"
    os.mkfifo(fifo)
    kept = os.open(fifo, os.O_RDWR)
    os.write(kept, b"what is no archive")
    with pytest.raises(BackupError, match="not a regular file"):
        verify(fifo)
    os.close(kept)
