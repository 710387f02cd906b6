"""When a file was made, as the system's own program says it."""

import subprocess
from pathlib import Path

from hub.system.files.birth_time import birth_time


def _told_by_stat(path: Path) -> str:
    """The seconds; 0 where the file system does not know it."""
    told = subprocess.run(["stat", "-c", "%W", path], capture_output=True, check=True, text=True)
    return told.stdout.strip()


def test_it_is_that_of_the_file_system_and_outlasts_writes_and_moves(tmp_path: Path):
    """A file system that does not keep it gives none."""
    path = tmp_path / "file"
    path.write_text("one")
    born = birth_time(path)
    assert (born.partition(".")[0] or "0") == _told_by_stat(path)
    path.write_text("two")
    path.chmod(0o600)
    path.rename(tmp_path / "other")
    assert birth_time(tmp_path / "other") == born


def test_what_is_not_there_has_none(tmp_path: Path):
    """It is no error."""
    assert birth_time(tmp_path / "nothing") == ""
