"""Clips and pictures are not kept for ever: by age, and by what is free on the disk."""

import os
from datetime import UTC, datetime
from pathlib import Path
from shutil import disk_usage

import pytest

from devices.video import MediaFolder, MediaSettings
from devices.video.media_folder import DAY_S, MB
from tests.house import until

NOW_S = 1_800_000_000.0


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """One file a day, the oldest six days old; also files that are not ours or incomplete."""
    for age in range(6, 0, -1):
        _file(
            tmp_path / f"2027010{7 - age}-120000-front-abcde{age}.{'mp4' if age % 2 else 'jpg'}",
            age,
        )
    for name in ("holiday.jpg", ".20270101-120000-front-abcdef.mp4.part", "20270101.mp4"):
        _file(tmp_path / name, 99)
    return tmp_path


def _make_room(path: Path, *, keep_days: float, keep_free_mb: float) -> int:
    return MediaFolder(path, keep_days=keep_days, keep_free_mb=keep_free_mb).make_room(NOW_S)


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
    MediaFolder(tmp_path, keep_days=1, keep_free_mb=0).remove_parts()
    assert [*tmp_path.iterdir()] == [other]


def test_what_is_too_old_goes(media):
    """Younger files stay, and so do files that are not ours or are not complete."""
    assert _make_room(media, keep_days=3.5, keep_free_mb=0) == 3
    assert _ages(media) == [1, 2, 3]
    assert {path.name for path in media.iterdir() if not path.name.startswith("2027010")} == {
        "holiday.jpg",
        ".20270101-120000-front-abcdef.mp4.part",
    }


def test_the_oldest_go_until_enough_is_free(media, monkeypatch):
    """No more of them than needed."""
    real = disk_usage(media)
    monkeypatch.setattr(
        "devices.video.media_folder.disk_usage",
        lambda folder: real._replace(free=(100 - 10 * len(_ages(Path(folder)))) * MB),
    )
    assert _make_room(media, keep_days=30, keep_free_mb=60) == 2
    assert _ages(media) == [1, 2, 3, 4]


def test_where_nothing_of_ours_helps_nothing_else_goes(media):
    """A disk that others have filled: the rest of the folder is not ours to remove."""
    assert _make_room(media, keep_days=30, keep_free_mb=1e12) == 6
    assert (media / "holiday.jpg").exists()
    assert _make_room(media / "absent", keep_days=30, keep_free_mb=0) == 0


def test_what_was_written_before_the_clock_was_set_is_not_called_old(media):
    """A Raspberry Pi boots in the past; it goes when the disk is full, as the oldest."""
    early = media / "19700101-000100-front-abcde0.mp4"
    early.touch()
    os.utime(early, (60, 60))
    assert _make_room(media, keep_days=2.5, keep_free_mb=0) == 4
    assert early.exists()


def test_it_is_done_again_and_again_and_a_fault_does_not_end_it(tmp_path):
    """A disk that is read-only today may be repaired tomorrow."""
    done: list[int] = []

    class Faulty(MediaFolder):
        def make_room(self, now_s: float | None = None) -> int:
            done.append(1)
            if len(done) == 1:
                raise OSError("read-only")
            return super().make_room(now_s)

    with Faulty(tmp_path, keep_days=1, keep_free_mb=0).tidied(every_s=0.01):
        until(lambda: len(done) > 2, "it is done again")


def test_files_are_named_by_when_and_where(tmp_path):
    """The local time comes first, so that names sort by it, then the place and the id's end."""
    at = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
    folder = MediaFolder(tmp_path, keep_days=1, keep_free_mb=0)
    path = folder.file(at, "front", "0199-a1b2c3", "jpg")
    assert path == tmp_path / f"{at.astimezone():%Y%m%d-%H%M%S}-front-a1b2c3.jpg"


def test_room_is_tried_with_a_file_that_is_not_kept(tmp_path, monkeypatch):
    """What is free is returned in MB, and too little of it is an error that says what to do."""
    folder = MediaFolder(tmp_path / "new", keep_days=1, keep_free_mb=0)
    assert folder.check_room(1000, 0) == disk_usage(tmp_path).free // MB
    assert list(folder.path.iterdir()) == []
    real = disk_usage(tmp_path)
    monkeypatch.setattr(
        "devices.video.media_folder.disk_usage", lambda _: real._replace(free=7 * MB)
    )
    with pytest.raises(OSError, match=r"new: 7 MB are free, a clip may need 100\. Remove old"):
        folder.check_room(1000, 100)


@pytest.mark.parametrize(
    ("folder", "path"),
    [(None, "state/media"), ("clips", "state/clips"), ("/srv/door", "/srv/door")],
)
def test_the_folder_starts_at_the_state_folder(tmp_path, folder, path):
    """Without a setting it is `media` there; an absolute path stays as it is."""
    settings = MediaSettings(folder=folder)
    assert settings.media_in(tmp_path / "state").path == tmp_path / path


def test_a_file_that_is_marked_stays(media):
    """Neither age nor a full disk removes it, until it is released."""
    folder = MediaFolder(media, keep_days=3.5, keep_free_mb=0)
    kept = "20270101-120000-front-abcde6.jpg"
    folder.keep([kept, "holiday.jpg"])
    folder.make_room(NOW_S)
    assert len(list(media.glob("2027010?-*.[jm]p[g4]"))) == len([1, 2, 3, 6])
    assert (media / kept).exists()
    assert not (media / "holiday.jpg.keep").exists()
    folder.release([kept])
    folder.make_room(NOW_S)
    assert _ages(media) == [1, 2, 3]


def test_only_files_of_ours_are_deleted(media):
    """A name leads nowhere else; what is gone already is no error."""
    folder = MediaFolder(media / "inner", keep_days=1, keep_free_mb=0)
    folder.path.mkdir()
    ours = "20270101-120000-front-abcde6.jpg"
    (folder.path / ours).symlink_to(media / "holiday.jpg")
    folder.keep([ours])
    outside = "20270106-120000-front-abcde1.mp4"
    before = sorted(path.name for path in media.iterdir())
    folder.delete([ours, ours, f"../{outside}", str(media / outside), "holiday.jpg", ""])
    assert sorted(path.name for path in media.iterdir()) == before
    assert list(folder.path.iterdir()) == []
