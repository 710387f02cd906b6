"""Files that have changed are noticed when they are written completely."""

import os

import pytest

from hub.process.file_watch import FileWatch


@pytest.fixture
def file(tmp_path):
    """A file that was read."""
    path = tmp_path / "bark.py"
    _write(path, 1)
    return path


@pytest.fixture
def watch(file):
    """Knows the file as it was read."""
    watch = FileWatch()
    watch.note_read(file)
    return watch


def _write(path, second):
    path.write_text("x" * second, encoding="utf-8")
    os.utime(path, (second, second))


def test_an_unchanged_file_has_not_changed(watch, file):
    """However often it is looked at."""
    assert [watch.has_changed(file) for _ in range(3)] == [False] * 3


def test_a_change_counts_when_two_looks_find_the_same(watch, file):
    """While an editor still writes, it does not."""
    _write(file, 2)
    assert not watch.has_changed(file)
    _write(file, 3)
    assert not watch.has_changed(file)
    assert watch.has_changed(file)


def test_a_change_is_reported_until_the_file_is_read(watch, file):
    """A caller that cannot act at once is told again."""
    _write(file, 2)
    assert [watch.has_changed(file) for _ in range(3)] == [False, True, True]
    watch.note_read(file)
    assert not watch.has_changed(file)


def test_a_missing_file_has_not_changed_until_it_is_back(watch, file):
    """Also when it is the same one: what was started meanwhile has not found it."""
    away = file.rename(file.with_suffix(".away"))
    assert [watch.has_changed(file) for _ in range(2)] == [False, False]
    away.rename(file)
    assert [watch.has_changed(file) for _ in range(2)] == [False, True]


def test_a_file_that_was_forgotten_was_never_read(watch, file):
    """It counts when it is complete."""
    watch.forget(file)
    assert [watch.has_changed(file) for _ in range(2)] == [False, True]


def test_a_new_file_counts_when_it_is_complete(watch, tmp_path):
    """It was never read."""
    new = tmp_path / "light.py"
    _write(new, 5)
    assert [watch.has_changed(new) for _ in range(2)] == [False, True]
