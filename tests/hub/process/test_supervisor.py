"""The supervisor of `doorbell run`, where no process can be started."""

import errno
import os

import pytest

from config import Settings
from config.reading import sources
from hub.process import supervisor
from hub.process.supervisor import Supervisor
from tests.house import until


class _NoMemory:
    """A fork server on a machine that has no memory left."""

    def __init__(self, *_):
        pass

    def start(self):
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    def launch(self, *_, **__):
        self.start()

    def stop(self):
        pass


@pytest.fixture
def lines(monkeypatch):
    """What is printed, by process; none of them can be started."""
    monkeypatch.setattr(supervisor, "ForkServer", _NoMemory)
    return []


def test_without_memory_it_says_so_and_goes_on(lines, tmp_path):
    """Each process is tried again later; `doorbell run` itself does not end."""
    settings = Settings(state_dir=tmp_path / "state", broker={"host": "127.0.0.1"})
    one = Supervisor(settings, tmp_path / "doorbell.toml", lambda *line: lines.append(line))
    one.start()
    one.tick()
    one.stop()
    assert any(name == "hub" and "Cannot allocate memory" in line for name, line in lines)


def test_another_handlers_folder_is_followed(lines, tmp_path):
    """As all other settings: its handlers are started, and those of the old folder stopped."""
    for folder in ("one", "another"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"from_{folder}.py").touch()
    config = tmp_path / "doorbell.toml"
    text = 'state_dir = "state"\nhandlers_dir = "one"\n[broker]\nhost = "127.0.0.1"\n'
    config.write_text(text)
    running = Supervisor(sources.load(config), config, lambda *line: lines.append(line))
    running.start()
    assert "from_one" in running.handlers
    config.write_text(text.replace("one", "another"))
    until(
        lambda: running.tick() or "from_another" in running.handlers, "the new folder is followed"
    )
    running.stop()
    assert "from_one" not in running.handlers
