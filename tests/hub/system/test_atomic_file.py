"""Files that are written whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.system import atomic_file
from tests.house import ROOT


def test_a_file_is_written_once(tmp_path: Path):
    """With its mode, in a folder that is made; and the same again is not written."""
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


def test_what_everybody_may_read_they_may_find(tmp_path: Path):
    """Whatever the umask of who writes it."""
    before = os.umask(0o077)
    try:
        atomic_file.write(tmp_path / "units" / "unit", b"", 0o644)
    finally:
        os.umask(before)
    assert (tmp_path / "units").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "units" / "unit").stat().st_mode & 0o777 == 0o644


def test_what_cannot_be_written_leaves_what_was(tmp_path: Path):
    """A rest of an earlier try is no hindrance; a folder in its place is."""
    path = tmp_path / "file"
    atomic_file.write(path, b"one")
    (tmp_path / ".file.new").write_text("half")
    assert atomic_file.write(path, b"two")
    (tmp_path / ".file.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        atomic_file.write(path, b"three")
    assert path.read_bytes() == b"two"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_in_a_sandbox_gives_files_away(tmp_path: Path):
    """With no right but CAP_CHOWN, as doorbell-handlers.service has it; also when the file is there already."""
    path = tmp_path / "acl"
    script = f"from pathlib import Path; from hub.system import atomic_file; atomic_file.write(Path({str(path)!r}), b'x', 0o600, 'daemon')"
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
