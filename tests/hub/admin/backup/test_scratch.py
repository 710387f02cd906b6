"""Copies of state files are private, and no killed backup leaves them for ever."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.admin.backup.scratch import PREFIX, scratch
from tests.house import ROOT

COPIES = """
import sys
from pathlib import Path
from hub.admin.backup.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "notify.db").write_text("what it remembers")
    print(folder, flush=True)
    sys.stdin.read()
"""
LONG_AGO = (1e9, 1e9)


@contextmanager
def _copying(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A backup that makes its copies for hours, and where."""
    command = [sys.executable, "-c", COPIES, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as backup:
        copies = Path(backup.stdout.readline().strip())
        os.utime(copies, LONG_AGO)
        yield backup, copies
        backup.stdin.close()


def test_a_killed_backups_copies_are_removed_by_the_next_one(tmp_path: Path):
    """Those of one that is running stay, and it removes them itself."""
    with _copying(tmp_path) as (killed, left), _copying(tmp_path) as (_, in_use):
        killed.kill()
        killed.wait()
        assert left.is_dir()
        with scratch(tmp_path) as copies:
            assert sorted(tmp_path.iterdir()) == sorted([in_use, copies])
    assert list(tmp_path.iterdir()) == []


def _of_another_user(path: Path) -> None:
    path.mkdir()
    try:
        os.chown(path, 4711, 4711)
    except PermissionError:
        pytest.skip("this user can give nothing away")


def _link(path: Path) -> None:
    path.with_name("folder").mkdir()
    path.symlink_to("folder")


def _with_a_folder(path: Path) -> None:
    (path / "folder").mkdir(parents=True)


@pytest.mark.parametrize("make", [_of_another_user, _link, _with_a_folder, Path.touch])
def test_what_no_backup_of_this_user_has_left_stays(tmp_path: Path, make):
    """Anybody can put something under such a name into /var/tmp."""
    made = tmp_path / f"{PREFIX}made"
    make(made)
    os.utime(made, LONG_AGO)
    with scratch(tmp_path):
        assert made.lstat()


def test_one_that_is_just_being_made_stays(tmp_path: Path):
    """Its backup has no lock yet."""
    (tmp_path / f"{PREFIX}made").mkdir()
    with scratch(tmp_path):
        assert len(list(tmp_path.iterdir())) == 2
