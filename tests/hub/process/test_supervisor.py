"""The supervisor of `doorbell run`, where no process can be started."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from config import Settings
from config.reading import sources
from hub.process import supervisor
from hub.process.child import STOP_S
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


class _Stubborn:
    """A process that ends when the test says so; the hub's ends as soon as it is told to."""

    stdin = stdout = None
    pid = 1

    def __init__(self, is_hub):
        self.code = None
        self.signals = []
        self._is_hub = is_hub

    def poll(self):
        return self.code

    def wait(self, timeout=None):
        if self.code is None:
            raise subprocess.TimeoutExpired("", timeout)
        return self.code

    def send_signal(self, number):
        self.signals.append(number)
        if self._is_hub:
            self.code = 0

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self.code = -signal.SIGKILL


class _StubbornForks(_NoMemory):
    """Starts them, and remembers all that it started, by the end of their command."""

    def __init__(self, *_):
        self.started = []

    def start(self):
        pass

    def launch(self, command, *_, **__):
        process = _Stubborn("hub.daemon" in command)
        self.started.append((Path(command[-1]).stem, process))
        return process

    def of(self, name):
        return [process for of, process in self.started if of == name]


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


def test_another_broker_counts_at_the_next_start(lines, tmp_path):
    """The processes keep the one that was chosen, and the change is not passed over in silence."""
    config = tmp_path / "doorbell.toml"
    text = 'state_dir = "state"\n[broker]\nhost = "127.0.0.1"\n'
    config.write_text(text)
    running = Supervisor(sources.load(config), config, lambda *line: lines.append(line))
    running.start()
    told = (
        "doorbell",
        "[broker] in doorbell.toml has changed: that counts when you start `doorbell run` again",
    )
    for host, count in (("localhost", 1), ("127.0.0.1", 1)):
        config.write_text(text.replace("127.0.0.1", host))
        running.tick()
        running.tick()
        assert lines.count(told) == count
    running.stop()


@pytest.fixture
def slow_house(monkeypatch, tmp_path):
    """A running house of two handlers whose settings have changed: its supervisor and its forks."""
    forks = _StubbornForks()
    monkeypatch.setattr(supervisor, "ForkServer", lambda *_: forks)
    monkeypatch.setattr(supervisor, "HEAD_START_S", 0.0)
    (tmp_path / "handlers").mkdir()
    for name in ("one", "two"):
        (tmp_path / "handlers" / f"{name}.py").touch()
    config = tmp_path / "doorbell.toml"
    text = 'state_dir = "state"\n[broker]\nhost = "127.0.0.1"\n[web]\npage = false\n'
    config.write_text(text)
    running = Supervisor(sources.load(config), config, lambda *_: None)
    running.start()
    config.write_text(f"{text}[journal]\nkeep_days = 5\n")
    running.tick()
    running.tick()  # two looks in a row find the same file
    yield running, forks
    running.stop()


def test_the_hub_is_back_before_the_handlers_have_stopped(slow_house):
    """All are told to stop; none is waited for, and each starts again when it has ended."""
    running, forks = slow_house
    assert len(forks.of("--stdin")) == 2
    assert [forks.of(name)[0].signals for name in ("one", "two")] == [[signal.SIGTERM]] * 2
    assert [len(forks.of(name)) for name in ("one", "two")] == [1, 1]
    forks.of("two")[0].code = 0
    running.tick()
    assert [len(forks.of(name)) for name in ("one", "two")] == [1, 2]


def test_a_handler_that_does_not_stop_for_new_settings_is_killed(slow_house):
    """After as long as each process gets, and then it starts again."""
    running, forks = slow_house
    running._handlers["one"]._kill_at -= STOP_S
    running.tick()
    assert forks.of("one")[0].signals == [signal.SIGTERM, signal.SIGKILL]
    running.tick()
    assert len(forks.of("one")) == 2
