"""Files appear complete or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.system.files import atomic_file
from tests.house import ROOT


def test_a_file_is_written_once(tmp_path: Path):
    """It has its mode, and its folder is made; the same content is not written again."""
    path = tmp_path / "folder" / "file"
    assert atomic_file.write(path, b"one", 0o640)
    facts = path.stat()
    assert facts.st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not atomic_file.write(path, b"one", 0o640)
    assert path.stat().st_ino == facts.st_ino
    assert atomic_file.write(path, b"one", 0o600)
    assert atomic_file.write(path, b"two", 0o600)
    assert path.read_bytes() == b"two"
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def test_a_folder_is_as_open_as_its_file(tmp_path: Path):
    """Whatever the umask of the writer is."""
    before = os.umask(0o077)
    try:
        atomic_file.write(tmp_path / "units" / "unit", b"", 0o644)
    finally:
        os.umask(before)
    assert (tmp_path / "units").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "units" / "unit").stat().st_mode & 0o777 == 0o644


def test_what_cannot_be_written_leaves_what_was(tmp_path: Path):
    """The remains of an earlier attempt do not matter; a folder of that name does."""
    path = tmp_path / "file"
    atomic_file.write(path, b"one")
    (tmp_path / ".file.new").write_text("half")
    assert atomic_file.write(path, b"two")
    (tmp_path / ".file.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        atomic_file.write(path, b"three")
    assert path.read_bytes() == b"two"


def test_a_block_that_fails_leaves_the_file_of_before(tmp_path: Path):
    """Nothing of the new one is left."""
    path = tmp_path / "file"
    atomic_file.write(path, b"one")
    with pytest.raises(TypeError), atomic_file.replacement(path, 0o600) as file:
        file.writelines([b"half", "no bytes"])
    assert path.read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_the_first_of_two_writers_wins(tmp_path: Path):
    """`create` never replaces a file."""
    path = tmp_path / "key"
    assert atomic_file.create(path, b"one", 0o600)
    assert not atomic_file.create(path, b"two", 0o600)
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_a_copy_keeps_mode_and_time(tmp_path: Path):
    """As `cp -p` does."""
    source = tmp_path / "source"
    atomic_file.write(source, b"one", 0o640)
    os.utime(source, (1000, 1000))
    atomic_file.copy(source, tmp_path / "target")
    facts = (tmp_path / "target").stat()
    assert (facts.st_mode & 0o777, facts.st_mtime) == (0o640, 1000)
    assert (tmp_path / "target").read_bytes() == b"one"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_in_a_sandbox_gives_files_away(tmp_path: Path):
    """It needs CAP_CHOWN only, as in doorbell-handlers.service; also where the file exists."""
    path = tmp_path / "acl"
    script = (
        "from pathlib import Path; from hub.system.files import atomic_file\n"
        f"atomic_file.write(Path({str(path)!r}), b'x', 0o600, 'daemon')"
    )
    command = [
        "setpriv",
        "--bounding-set=-all,+chown",
        "--inh-caps=-all,+chown",
        sys.executable,
        "-c",
        script,
    ]
    for _ in range(2):
        subprocess.run(command, check=True, cwd=ROOT)
    assert path.owner() == "daemon"
    assert path.stat().st_mode & 0o777 == 0o600
