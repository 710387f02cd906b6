"""The supervisor of `doorbell run`, where no process can be started."""

import errno
import os

from config import Settings
from hub.process import supervisor
from hub.process.supervisor import Supervisor


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


def test_without_memory_it_says_so_and_goes_on(monkeypatch, tmp_path):
    """Each process is tried again later; `doorbell run` itself does not end."""
    monkeypatch.setattr(supervisor, "ForkServer", _NoMemory)
    settings = Settings(state_dir=tmp_path / "state", broker={"host": "127.0.0.1"})
    lines = []
    one = Supervisor(settings, tmp_path / "doorbell.toml", lambda *line: lines.append(line))
    one.start()
    one.tick()
    one.stop()
    assert any(name == "hub" and "Cannot allocate memory" in line for name, line in lines)
