"""Files appear complete, or not at all."""

import pytest

from devices.machine import atomic_write, write_file


@pytest.mark.parametrize("fsync", [False, True])
def test_a_file_appears_when_it_is_complete(tmp_path, fsync):
    """While it is written, the old content stands under its name."""
    path = tmp_path / "new" / "state.json"
    write_file(path, "old")
    with atomic_write(path, fsync=fsync) as part:
        part.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    """Whatever fails while it is written."""
    path = tmp_path / "state"
    write_file(path, b"old")

    def write() -> None:
        with atomic_write(path) as part:
            part.write_bytes(b"ha")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_body_that_writes_nothing_is_an_error(tmp_path):
    """A program that was to write the file has not done so."""
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "state"):
        pass
