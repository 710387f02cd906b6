"""A state file that was put in place of another begins a new numbering, and is known as a copy."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from hub.store.file.lock_file import LockFile
from hub.store.file.state_file import StateError, StateFile
from hub.store.state import State
from hub.system.clock import BOOT, Clock
from hub.system.files.birth_time import birth_time
from tests.house import until
from tests.hub.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def _run(path: Path, clock: FakeClock) -> tuple[str, float]:
    """Open the file and close it; the epoch, and when it was found to be a copy."""
    with closing(State(path, clock)) as state:
        return state.epoch, state.epochs.copied_unix_s


def _tar(folder: Path, *words: str) -> None:
    subprocess.run(["tar", "-C", folder, *words], check=True)


def _had_always_this_inode(path: Path) -> None:
    """As ext4 often has it: the inode of a file that was removed goes to the next one."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE meta SET value = ? WHERE key = 'inode'", (str(path.stat().st_ino),))
        db.commit()


def test_a_file_keeps_its_epoch_within_a_boot(tmp_path):
    """A restart of the process neither begins an epoch nor makes the file a copy."""
    clock = FakeClock()
    with closing(State(tmp_path / "own.db", clock)) as state:
        epoch = state.epoch
    with closing(State(tmp_path / "own.db", clock)) as state:
        assert (state.epoch, state.epochs.copied_unix_s) == (epoch, 0)


def test_each_boot_begins_an_epoch(tmp_path):
    """The card may have been written from an older copy of itself. The file is no copy then."""
    clock = FakeClock()
    with closing(State(tmp_path / "own.db", clock)) as state:
        epoch = state.epoch
    clock.reboot()
    with closing(State(tmp_path / "own.db", clock)) as state:
        assert state.epoch != epoch
        assert state.epochs.copied_unix_s == 0


def test_a_copy_that_was_put_in_place_begins_an_epoch_and_is_known_as_a_copy(tmp_path):
    """Its next numbers may be used already, and what it has not finished may be done already."""
    clock = FakeClock()
    with closing(State(tmp_path / "own.db", clock)) as state:
        epoch = state.epoch
    (tmp_path / "own.db").rename(tmp_path / "backup")
    shutil.copy(tmp_path / "backup", tmp_path / "own.db")
    with closing(State(tmp_path / "own.db", clock)) as state:
        assert state.epoch != epoch
        copied = state.epochs.copied_unix_s
        assert copied == pytest.approx(clock.unix_s(), abs=60)
    with closing(State(tmp_path / "own.db", clock)) as state:
        assert state.epochs.copied_unix_s == copied


def test_where_the_boot_cannot_be_told_each_start_begins_an_epoch(tmp_path, monkeypatch):
    """A power cut may have taken the last numbers, and they are used once only."""
    monkeypatch.delenv(BOOT, raising=False)
    nowhere = tmp_path / "no such system"
    with closing(State(tmp_path / "own.db", Clock(nowhere))) as state:
        epoch = state.epoch
    with closing(State(tmp_path / "own.db", Clock(nowhere))) as state:
        assert state.epoch != epoch


def test_a_file_of_an_earlier_version_is_no_copy(tmp_path, clock):
    """It knows neither its birth nor its last start, and its lock file is empty."""
    path = tmp_path / "own.db"
    epoch, _ = _run(path, clock)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM meta WHERE key IN ('made', 'start')")
        db.commit()
    os.truncate(tmp_path / "own.lock", 0)
    assert _run(path, clock) == (epoch, 0)
    assert _run(path, clock) == (epoch, 0)


@pytest.mark.parametrize("is_removed_first", [False, True])
def test_an_archive_that_is_unpacked_is_a_copy_whatever_inode_it_gets(
    tmp_path, clock, is_removed_first
):
    """`tar x` over the file, or after `rm`: on ext4 it often has the inode again."""
    folder = tmp_path / "state"
    path = folder / "own.db"
    _run(path, clock)
    _tar(folder, "-cf", tmp_path / "old.tar", "own.db")
    epoch, _ = _run(path, clock)
    if is_removed_first:
        path.unlink()
    _tar(folder, "-xf", tmp_path / "old.tar")
    _had_always_this_inode(path)
    now, copied = _run(path, clock)
    assert now != epoch
    assert copied == pytest.approx(clock.unix_s(), abs=60)
    assert _run(path, clock) == (now, copied)


def test_a_copy_that_comes_with_its_lock_file_has_another_time_of_birth(tmp_path, clock):
    """A whole folder is unpacked: both files agree with each other."""
    folder = tmp_path / "state"
    path = folder / "own.db"
    epoch, _ = _run(path, clock)
    if not (born := birth_time(path)):
        pytest.skip("the file system keeps no time of birth")
    _tar(folder, "-cf", tmp_path / "all.tar", ".")
    shutil.rmtree(folder)

    def is_unpacked() -> bool:
        folder.mkdir(exist_ok=True)
        _tar(folder, "-xf", tmp_path / "all.tar", "--unlink-first")
        return birth_time(path) != born

    until(is_unpacked, "the clock of the file system moves on")
    _had_always_this_inode(path)
    now, copied = _run(path, clock)
    assert now != epoch
    assert copied


def test_a_file_that_was_moved_away_and_back_is_a_copy(tmp_path, clock):
    """Its process ran on another one meanwhile. Inode and time of birth are what they were."""
    path = tmp_path / "own.db"
    epoch, _ = _run(path, clock)
    path.rename(tmp_path / "aside")
    other, copied = _run(path, clock)
    assert not copied
    path.rename(tmp_path / "second")
    (tmp_path / "aside").rename(path)
    now, copied = _run(path, clock)
    assert now not in (epoch, other)
    assert copied


def test_a_file_that_was_moved_away_and_back_is_genuine_if_no_process_ran(tmp_path, clock):
    """Nothing is newer than it."""
    path = tmp_path / "own.db"
    epoch, _ = _run(path, clock)
    path.rename(tmp_path / "aside")
    (tmp_path / "aside").rename(path)
    assert _run(path, clock) == (epoch, 0)


def test_a_copy_that_was_written_into_the_file_is_a_copy(tmp_path, clock):
    """`cp` over it, inode and time of birth stay: its process has started since."""
    path = tmp_path / "own.db"
    _run(path, clock)
    shutil.copy(path, tmp_path / "old")
    epoch, _ = _run(path, clock)
    shutil.copy(tmp_path / "old", path)
    now, copied = _run(path, clock)
    assert now != epoch
    assert copied


def test_a_copy_that_was_found_before_the_clock_was_set_has_the_right_time(tmp_path, clock):
    """A Raspberry Pi boots in the past, and a time server answers later."""
    path = tmp_path / "own.db"
    _run(path, clock)
    shutil.copy(path, tmp_path / "old")
    _run(path, clock)
    shutil.copy(tmp_path / "old", path)
    clock.stand()
    right = clock.unix_s()
    clock.ahead_s, clock.synchronised = -86_400.0, False
    assert _run(path, clock)[1] == pytest.approx(right - 86_400.0, abs=1)
    clock.ahead_s, clock.synchronised = 0.0, True
    clock.passed_s = 600.0
    assert _run(path, clock)[1] == pytest.approx(right, abs=1)


def test_a_file_put_back_from_an_earlier_boot_is_a_copy(tmp_path, clock):
    """What was done in this boot, on the file that it replaces, is not before the boot."""
    path = tmp_path / "own.db"
    _run(path, clock)
    shutil.copy(path, tmp_path / "old")
    clock.reboot()
    _run(path, clock)
    shutil.copy(tmp_path / "old", path)
    assert _run(path, clock)[1]


def test_what_a_power_cut_left_of_the_lock_file_makes_no_copy(tmp_path, clock):
    """Neither file waits for the disk: after a boot one of them may be the older one."""
    path = tmp_path / "own.db"
    _run(path, clock)
    lock = (tmp_path / "own.lock").read_bytes()
    _run(path, clock)
    (tmp_path / "own.lock").write_bytes(lock)
    clock.reboot()
    assert not _run(path, clock)[1]
    (tmp_path / "own.lock").unlink()
    assert not _run(path, clock)[1]


class _CutError(Exception):
    """The process was killed there."""


def _run_until(monkeypatch, path: Path, clock: FakeClock, writes: int) -> None:
    """A start that is cut off after so many of its writes: lock file, state file, lock file."""
    left = iter([True] * writes)

    def unless_cut(write):
        def call(*words, **options):
            if not next(left, False):
                raise _CutError
            return write(*words, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(LockFile, "note", unless_cut(LockFile.note))
        patch.setattr(StateFile, "write", unless_cut(StateFile.write))
        with pytest.raises(_CutError):
            State(path, clock)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_start_that_is_cut_off_changes_nothing_about_it(tmp_path, clock, monkeypatch, writes):
    """A genuine file stays genuine: a skip handler would lose presses. A copy stays a copy."""
    path = tmp_path / "own.db"
    for _ in range(2):  # as a new file, and as one that is there
        _run_until(monkeypatch, path, clock, writes)
        _, copied = _run(path, clock)
        assert not copied
    shutil.copy(path, tmp_path / "old")
    epoch, _ = _run(path, clock)
    shutil.copy(tmp_path / "old", path)
    _run_until(monkeypatch, path, clock, writes)
    now, copied = _run(path, clock)
    assert now != epoch
    assert copied


def test_a_start_that_cannot_be_noted_is_a_start_all_the_same(tmp_path, clock, monkeypatch):
    """On a disk that takes nothing; the file does not count as a copy afterwards."""
    path = tmp_path / "own.db"
    epoch, _ = _run(path, clock)

    def fail(*_: object) -> None:
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(StateFile, "write", fail)
        assert _run(path, clock) == (epoch, 0)
    assert _run(path, clock) == (epoch, 0)


def test_a_first_start_that_is_cut_off_makes_no_copy_of_a_file_of_an_earlier_version(
    tmp_path, clock
):
    """The lock file knows that start already, and the file none at all."""
    path = tmp_path / "own.db"
    epoch, _ = _run(path, clock)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM meta WHERE key IN ('made', 'start')")
        db.commit()
    with closing(LockFile(path)) as lock_file:
        lock_file.note(clock.boot, "a" * 16)
    assert _run(path, clock) == (epoch, 0)


def test_a_copy_that_was_found_with_a_clock_ahead_is_not_of_the_future(tmp_path, clock):
    """Else each press would count as one from before it, for as long as that clock was ahead."""
    path = tmp_path / "own.db"
    _run(path, clock)
    path.rename(tmp_path / "backup")
    shutil.copy(tmp_path / "backup", path)
    clock.reboot(synchronised=False)
    clock.ahead_s = 400 * 86_400.0
    assert _run(path, clock)[1] == pytest.approx(clock.unix_s(), abs=60)
    clock.ahead_s = 0
    clock.reboot()
    assert _run(path, clock)[1] <= clock.unix_s()
