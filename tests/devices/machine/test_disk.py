"""Room on a disk, and the wear of a card."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.machine import disk

NOW_S = 1_800_000_000.0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB and 30 inodes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=30", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_with_room(tmp_path: Path):
    """Told with the folder, which need not be there yet."""
    (found,) = disk.space(tmp_path / "not" / "yet")
    assert (found.state, str(tmp_path / "not" / "yet") in found.found) == ("ok", True)


def test_a_disk_without_room(small: Path):
    """1 MB is less than a clip."""
    assert [one.state for one in disk.space(small)] == ["problem"]


def test_a_disk_that_can_only_be_read(small: Path):
    """As the kernel makes it when a card errs."""
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    first = next(iter(disk.space(small)))
    assert (first.state, first.found) == ("problem", f"{small}: its file system can only be read")


def test_a_disk_without_inodes(small: Path):
    """There may be room, and yet no file can be made."""
    for number in range(29):
        (small / str(number)).touch()
    assert "inodes" in list(disk.space(small))[-1].found


def test_how_long_it_will_last(tmp_path: Path):
    """At the pace of the last week's files; soon full is a warning."""
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    (found,) = disk.space(tmp_path, grows_by=free / (20 * disk.DAY_S))
    assert (found.state, "enough for 20 d" in found.found) == ("ok", True)
    (found,) = disk.space(tmp_path, grows_by=free / (3 * disk.DAY_S))
    assert found.state == "warning"


def test_the_pace_is_that_of_the_last_week(tmp_path: Path):
    """Older files do not count, and one clip of an hour ago is not a clip each hour."""
    for name, size, age_d in (
        ("old.mp4", 9_000_000, 8),
        ("a.mp4", 400_000, 4),
        ("b.mp4", 400_000, 0.1),
    ):
        path = tmp_path / name
        path.write_bytes(bytes(size))
        os.utime(path, (NOW_S, NOW_S - age_d * disk.DAY_S))
    assert disk.pace(tmp_path, NOW_S) == pytest.approx(800_000 / (4 * disk.DAY_S))
    (tmp_path / "a.mp4").unlink()
    assert disk.pace(tmp_path, NOW_S) == pytest.approx(400_000 / disk.DAY_S)
    assert disk.pace(tmp_path / "none", NOW_S) == 0


def card(root: Path, **attributes: str) -> Path:
    folder = root / "sys/block/mmcblk0/device"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "sys/block/mmcblk0boot0").mkdir(exist_ok=True)
    for name, text in attributes.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("life", "reserve", "state", "words"),
    [
        ("0x01 0x02", "0x01", "ok", "at most 20 % of its life used"),
        ("0x09 0x01", "0x01", "warning", "at most 90 %"),
        ("0x0b 0x01", "0x01", "problem", "more than it was made for used"),
        ("0x02 0x01", "0x02", "warning", "80 % of its spare blocks"),
        ("0x02 0x01", "0x03", "problem", "90 % of its spare blocks"),
        ("0x00 0x00", "0x00", "skipped", "does not report it"),
    ],
)
def test_the_wear_of_an_emmc(tmp_path: Path, life: str, reserve: str, state: str, words: str):
    """As JEDEC has it: tenths of its life, and what is left of its spare blocks."""
    (found,) = disk.wear(
        card(tmp_path, type="MMC", name="BJTD4R", life_time=life, pre_eol_info=reserve)
    )
    assert (found.state, words in found.found, "BJTD4R" in found.found) == (state, True, True), (
        found
    )


def test_an_sd_card_tells_nothing(tmp_path: Path):
    """And is not called well for that; neither is no card at all."""
    assert [one.state for one in disk.wear(tmp_path)] == ["skipped"]
    (found,) = disk.wear(card(tmp_path, type="SD", name="SN32G"))
    assert (found.state, "hardly any SD card does" in found.found) == ("skipped", True)
