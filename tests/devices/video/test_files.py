"""Clips and pictures are not kept for ever: by age, and by what is free on the disk."""

import os
from pathlib import Path
from shutil import disk_usage

import pytest

from devices.video.files import DAY_S, MB, make_room, sweep, swept_daily
from tests.house import until

NOW_S = 1_800_000_000.0


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """One a day, the oldest six days old; besides, what is not ours or being written."""
    for age in range(6, 0, -1):
        _file(
            tmp_path / f"2027010{7 - age}-120000-front-abcde{age}.{'mp4' if age % 2 else 'jpg'}",
            age,
        )
    for name in ("holiday.jpg", ".20270101-120000-front-abcdef.mp4.part", "20270101.mp4"):
        _file(tmp_path / name, 99)
    return tmp_path


def _file(path: Path, age_days: float) -> None:
    path.touch()
    os.utime(path, (NOW_S - age_days * DAY_S,) * 2)


def _ages(media: Path) -> list[int]:
    return sorted(int(path.stem[-1]) for path in media.glob("2027010?-*"))


def test_what_a_crash_left_goes_and_nothing_else(tmp_path):
    """The folder may be the person's own, with half a film of another program in it."""
    ours, other = tmp_path / ".20261123-201500-front-a1b2c3.mp4.part", tmp_path / ".film.mkv.part"
    for path in (ours, other):
        path.touch()
    sweep(tmp_path)
    assert [*tmp_path.iterdir()] == [other]


def test_what_is_too_old_goes(media):
    """By when it was written; younger ones stay, and so does what we did not write or have not finished."""
    assert make_room(media, keep_days=3.5, keep_free_mb=0, now_s=NOW_S) == 3
    assert _ages(media) == [1, 2, 3]
    assert {path.name for path in media.iterdir() if not path.name.startswith("2027010")} == {
        "holiday.jpg",
        ".20270101-120000-front-abcdef.mp4.part",
    }


def test_the_oldest_go_until_enough_is_free(media, monkeypatch):
    """No more of them than needed."""
    real = disk_usage(media)
    monkeypatch.setattr(
        "devices.video.files.disk_usage",
        lambda folder: real._replace(free=(100 - 10 * len(_ages(Path(folder)))) * MB),
    )
    assert make_room(media, keep_days=30, keep_free_mb=60, now_s=NOW_S) == 2
    assert _ages(media) == [1, 2, 3, 4]


def test_where_nothing_of_ours_helps_nothing_else_goes(media):
    """A disk that others have filled: the rest of the folder is not ours to remove."""
    assert make_room(media, keep_days=30, keep_free_mb=1e12, now_s=NOW_S) == 6
    assert (media / "holiday.jpg").exists()
    assert make_room(media / "absent", keep_days=30, keep_free_mb=0, now_s=NOW_S) == 0


def test_what_was_written_before_the_clock_was_set_is_not_called_old(media):
    """A Raspberry Pi boots in the past; it goes when the disk is full, as the oldest."""
    early = media / "19700101-000100-front-abcde0.mp4"
    early.touch()
    os.utime(early, (60, 60))
    assert make_room(media, keep_days=2.5, keep_free_mb=0, now_s=NOW_S) == 4
    assert early.exists()


def test_it_is_done_again_and_again_and_a_fault_does_not_end_it():
    """A disk that is read-only today may be mended tomorrow."""
    done: list[int] = []

    def tidy() -> None:
        done.append(1)
        if len(done) == 1:
            raise OSError("read-only")

    with swept_daily(tidy, every_s=0.01):
        until(lambda: len(done) > 2, "it is done again")
