"""What systemd hears of real processes, on a socket like its own."""

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.system import sd_notify
from tests.forked import PATIENCE_S
from tests.house import House, free_port, until


class Listener:
    """Hears what is said to systemd: who (its process id) and what."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(address)
        self.heard: list[tuple[int, str]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                said, credentials, *_ = self._socket.recvmsg(4096, 64)
            except OSError:
                return
            pid = int.from_bytes(credentials[0][2][:4], "little") if credentials else 0
            self.heard += [(pid, line) for line in said.decode().splitlines()]

    def of(self, pid: int) -> list[str]:
        return [line for who, line in list(self.heard) if who == pid]

    def wait(self, pid: int, line: str, times: int = 1) -> None:
        until(lambda: self.of(pid).count(line) >= times, lambda: f"{line}: {self.of(pid)}")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """The other end: processes that are started now speak to it, and are watched."""
    listener = Listener(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    yield listener
    listener.close()


@pytest.fixture
def home(mosquitto, tmp_path: Path) -> Iterator[House]:
    """A house on a broker of its own."""
    with House(tmp_path / "house", mosquitto) as house:
        yield house


def test_each_process_says_that_it_is_ready_how_it_is_and_that_its_loop_turns(
    home: House, systemd: Listener
):
    """The hub, a handler and the page, in the words of the status topic."""
    home.settings = f'[web]\nurl = "https://door.example"\nport = {free_port()}\n'
    home.write_handler("wave", "done(event)")
    home.start("hub", "wave", "web")
    processes = {name: home.processes[name].pid for name in ("hub", "wave", "web")}
    for pid in processes.values():
        systemd.wait(pid, "READY=1")
        systemd.wait(pid, "WATCHDOG=1", times=3)
        assert systemd.of(pid).count("READY=1") == 1
        assert "STATUS=ready" in systemd.of(pid)
    for name, pid in processes.items():
        home.kill(name, signal.SIGTERM)
        systemd.wait(pid, "STOPPING=1")
        systemd.wait(pid, "STATUS=offline: stopped")


def test_a_process_is_ready_without_a_broker(home: House, systemd: Listener):
    """Any order at boot works."""
    home.port = free_port()
    home.write_handler("wave", "done(event)")
    home.start("hub", "wave", wait=False)
    for name in ("hub", "wave"):
        systemd.wait(home.processes[name].pid, "READY=1")


def test_a_faulty_handler_is_never_ready_and_says_why(home: House, systemd: Listener):
    """It ends with 78, after which systemd does not restart it."""
    home.write_handler("wave", "done(event)", decoration="")
    home.start("wave", wait=False)
    process = home.processes["wave"]
    assert process.wait(PATIENCE_S) == 78
    until(
        lambda: any(line.startswith("STATUS=failed: wave.py") for line in systemd.of(process.pid)),
        "it says why",
    )
    assert "READY=1" not in systemd.of(process.pid)


def test_a_handler_that_is_switched_off_has_not_failed(home: House, systemd: Listener):
    """To systemd an exit before READY is a failure, and it would restart it for ever."""
    home.settings = "[handlers.wave]\nenabled = false\n"
    home.write_handler("wave", "done(event)")
    home.start("wave", wait=False)
    process = home.processes["wave"]
    assert process.wait(PATIENCE_S) == 0
    systemd.wait(process.pid, "READY=1")
    systemd.wait(process.pid, "STATUS=offline: switched off by its settings")


def test_a_reaction_that_may_take_long_gets_its_time(home: House, systemd: Listener):
    """The watchdog waits longer than its deadline, and is reset afterwards."""
    home.write_handler("wave", "done(event)", decoration='"doorbell.pressed", timeout_s=60')
    home.start("hub", "wave")
    pid = home.processes["wave"].pid
    home.wait_outcome(home.press(), "wave")
    systemd.wait(pid, "WATCHDOG_USEC=3000000")
    changes = [line for line in systemd.of(pid) if line.startswith("WATCHDOG_USEC")]
    assert changes == ["WATCHDOG_USEC=70000000", "WATCHDOG_USEC=3000000"]


@pytest.mark.parametrize("variable", ["NOTIFY_SOCKET", "WATCHDOG_USEC"])
def test_where_nobody_listens_nothing_is_sent(
    variable: str, systemd: Listener, monkeypatch: pytest.MonkeyPatch
):
    """As in `doorbell run`, where the loop is not woken for it either."""
    monkeypatch.delenv(variable)
    watchdog = sd_notify.Watchdog()
    watchdog.feed()
    assert (watchdog.every_s is None) == (variable == "WATCHDOG_USEC")
    monkeypatch.setenv("NOTIFY_SOCKET", str(systemd._socket.getsockname()))
    sd_notify.notify("X=1")
    until(lambda: systemd.heard, "the last word")
    assert [line for _, line in systemd.heard] == ["X=1"]


def test_another_process_s_watchdog_is_not_ours(systemd: Listener, monkeypatch: pytest.MonkeyPatch):
    """$WATCHDOG_PID says whose it is (sd_watchdog_enabled(3))."""
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert sd_notify.Watchdog().every_s is None


def test_a_systemd_that_is_gone_harms_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """It restarts as well (`systemctl daemon-reexec`)."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    sd_notify.ready()
