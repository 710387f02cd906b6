"""The disk with a cache keeps what was flushed, and of the rest what chance decides."""

from pathlib import Path

import pytest

from tests.power import disk
from tests.power.disk import SECTOR, Disk


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(8 * SECTOR))
    return path


def test_what_is_written_can_be_read(image: Path):
    """The machine does not notice that there is a cache."""
    written = Disk(image, "1")
    written.write(SECTOR, b"a" * SECTOR)
    assert written.read(SECTOR, SECTOR) == b"a" * SECTOR


def test_what_is_flushed_is_in_the_image(image: Path, monkeypatch: pytest.MonkeyPatch):
    """A flush brings all of it there, whatever chance kept back."""
    monkeypatch.setattr(disk, "SYNC_S", 0.0)
    written = Disk(image, "1")
    for number in range(8):
        written.write(number * SECTOR, bytes([number]) * SECTOR)
    written.flush()
    assert image.read_bytes() == written.content


def test_what_is_not_flushed_survives_in_part(image: Path):
    """Over some disks each fate is seen: nothing, all, and some of the sectors."""
    kept = set()
    for seed in range(30):
        image.write_bytes(bytes(8 * SECTOR))
        Disk(image, str(seed)).write(0, b"a" * 8 * SECTOR)
        kept.add(image.read_bytes().count(b"a") // SECTOR)
    assert {0, 8} < kept
