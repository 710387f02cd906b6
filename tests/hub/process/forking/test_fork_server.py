"""Processes that are forked from one that has imported what they need."""

import dataclasses
import errno
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from hub.process.forking import fork_server
from hub.process.forking.fork_server import ForkServer
from hub.process.launch import Program
from hub.system.processes import belongs_to
from tests.forked import PATIENCE_S
from tests.house import ROOT, until
from tests.hub.process.told import TOLD
from tests.processes import command_line

WAIT = "import signal; print('begun', flush=True); signal.pause()"


@pytest.fixture
def server(monkeypatch):
    """A server that has imported little."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    server = ForkServer(TOLD)
    yield server
    server.stop()


@pytest.fixture
def forked(server):
    """Forks what runs a program; kills what is left."""
    processes = []

    def fork(program, *arguments, reads_lines=False, **environment):
        command = ["-m", TOLD, program, *arguments]
        processes.append(server.launch(command, environment, reads_lines=reads_lines))
        return processes[-1]

    yield fork
    for process in processes:
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


def _server_pid(server):
    return server._server.process.pid


def test_it_is_our_child_with_a_command_line_of_its_own(forked):
    """Others find it by that, as one that was started."""
    one = forked(WAIT, "hub.worker", "/handlers/light.py")
    assert one.stdout.readline() == "begun\n"
    assert _parent(one.pid) == os.getpid()
    assert f"-m {TOLD}" in command_line(one.pid)
    assert belongs_to(one.pid, "doorbell/handler/light")


def test_it_ends_as_any_child(forked, monkeypatch):
    """Its exit code, its traceback, and the signal that ended it."""
    assert forked("raise SystemExit(78)").wait(PATIENCE_S) == 78
    failed = forked("1 / 0")
    assert "ZeroDivisionError" in failed.stdout.read()
    assert failed.wait(PATIENCE_S) == 1
    waiting = forked(WAIT)
    waiting.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.01)
    waiting.send_signal(signal.SIGINT)  # of the terminal: the supervisor's business
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(PATIENCE_S) == -signal.SIGTERM
    sent = []
    monkeypatch.setattr(os, "kill", lambda *signal: sent.append(signal))
    waiting.kill()
    assert not sent  # its process ID may be another one's by now


def test_it_has_its_own_variables_and_streams(forked):
    """Neither those of the server nor of the one before."""
    program = "import os, sys; print(os.environ.get('A'), os.environ.get('B'), sys.stdin.read())"
    assert forked(program, A="1").stdout.read() == "1 None \n"
    other = forked(program, B="2", reads_lines=True)
    other.stdin.write("ding\n")
    other.stdin.close()
    assert other.stdout.read() == "None 2 ding\n\n"
    zone = forked("import time; print(time.tzname[0], time.localtime(0).tm_hour)", TZ="AHEAD-5")
    assert zone.stdout.read() == "AHEAD 5\n"


def test_it_has_imported_what_the_server_has(server, monkeypatch):
    """Its memory is the server's until it changes it, so it has little of its own."""
    monkeypatch.setattr(server, "_modules", ("hub.worker", TOLD))
    program = "import sys; seen = 'hub.worker' in sys.modules; import hub.worker;" + PRIVATE
    one = server.launch(["-m", TOLD, program], {}, reads_lines=False)
    seen, private = one.stdout.read().split()
    one.wait(PATIENCE_S)
    one.stdout.close()
    started = Program().launch(["-c", program], {}, reads_lines=False)
    not_seen, alone = started.stdout.read().split()
    started.wait(PATIENCE_S)
    started.stdout.close()
    assert (seen, not_seen) == ("True", "False")
    assert int(private) < int(alone) / 2


PRIVATE = """
kib = [line.split() for line in open("/proc/self/smaps_rollup") if line.startswith("Private_")]
print(seen, sum(int(words[1]) for words in kib))
"""


def test_a_module_that_cannot_be_imported_stops_nobody_else(server, forked, monkeypatch):
    """The process that needs it fails by itself, and says why."""
    monkeypatch.setattr(server, "_modules", ("tests.hub.process.no_such_module", TOLD))
    assert forked("pass").wait(PATIENCE_S) == 0
    failed = forked("import tests.hub.process.no_such_module")
    assert "ModuleNotFoundError" in failed.stdout.read()


def test_it_survives_the_server(server, forked):
    """A kill of the server ends none of them; the next launch starts another server."""
    one = forked(WAIT)
    one.stdout.readline()
    before = _server_pid(server)
    os.kill(before, signal.SIGKILL)
    server._server.process.wait(PATIENCE_S)
    other = forked(WAIT)
    other.stdout.readline()
    assert _server_pid(server) != before
    assert (one.poll(), other.poll()) == (None, None)


def test_a_server_that_dies_with_an_order_is_an_error(server, forked):
    """The supervisor tries again later, with another server."""
    forked("pass").wait(PATIENCE_S)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with server._server.connection:  # open until then: its server ends when it is closed
        server._server = dataclasses.replace(server._server, connection=ours)
        dies = threading.Thread(target=lambda: theirs.recv(100_000) and theirs.close())
        dies.start()
        with pytest.raises(OSError, match="has ended"):
            forked(WAIT)
        dies.join(PATIENCE_S)
    assert forked("pass").wait(PATIENCE_S) == 0


def test_a_server_that_hangs_is_replaced_soon(server, forked, monkeypatch):
    """Once it has imported everything a fork takes a moment; nobody else is watched meanwhile."""
    assert forked("pass").wait(PATIENCE_S) == 0
    os.kill(_server_pid(server), signal.SIGSTOP)
    with monkeypatch.context() as patched:
        patched.setattr(fork_server, "FORKED_S", 0.2)
        with pytest.raises(TimeoutError):
            forked(WAIT)
    assert forked("pass").wait(PATIENCE_S) == 0


def test_a_server_of_an_earlier_program_is_replaced(server, forked, monkeypatch):
    """After an update nothing is forked that has half of the old one in it.

    That is seen without the wall clock, which may be wrong, even behind the installation.
    """
    servers = []
    in_an_hour = time.time() + 3600
    for installed_s in (in_an_hour, in_an_hour, None, time.time()):
        monkeypatch.setattr(fork_server, "installed_unix_s", lambda at=installed_s: at)
        assert forked("pass").wait(PATIENCE_S) == 0
        servers.append(_server_pid(server))
    assert servers[0] == servers[1]
    assert len(set(servers)) == 3


def test_other_orphans_are_not_ours(forked):
    """What a process leaves behind is adopted by init, as ever, and not by the supervisor."""
    leaves = "import os, signal; print(os.fork() or signal.pause(), flush=True)"
    one = forked(leaves)
    orphan = int(one.stdout.readline())
    assert _parent(orphan) == one.pid
    one.wait(PATIENCE_S)
    until(lambda: _parent(orphan) != one.pid, "it is adopted")
    assert _parent(orphan) != os.getpid()
    os.kill(orphan, signal.SIGKILL)


@pytest.mark.parametrize("forks_left", [0, 1])
def test_no_memory_for_another_process(monkeypatch, forks_left):
    """It takes two forks; the fault of each is told."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FORKS_LEFT", str(forks_left))
    server = ForkServer("tests.hub.process.forking.few_forks")
    with pytest.raises(OSError, match=os.strerror(errno.ENOMEM)):
        server.launch(["-m", TOLD, "pass"], {}, reads_lines=False)
    server.stop()


@pytest.mark.parametrize("victim", ["fork", "go-between"])
def test_a_process_that_is_killed_during_a_launch(struck, tmp_path, victim):
    """It is a fault at once, or an end soon after; what was told as failed never runs."""
    server = struck(victim, "SIGKILL")
    ran = tmp_path / "ran"
    ran.touch()
    launched, faults = [], []
    for _ in range(6):
        try:
            launched.append(_append(server, ran))
        except OSError as fault:
            faults.append(fault)
    ended = [process.wait(PATIENCE_S) for process in launched]
    server.stop()
    until(lambda: not _running(), "the others have ended")
    assert len(ran.read_text().split()) == ended.count(0)
    assert not any(isinstance(fault, TimeoutError) for fault in faults)
    for process in launched:
        process.stdout.close()


def test_a_process_that_replies_too_late_does_not_begin(struck, monkeypatch, tmp_path):
    """The supervisor has given up and starts another one: two of a handler must never run."""
    server = struck("fork", "SIGSTOP")
    stop = server.stop

    def stop_late():
        for pid in _running():
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.5)
        stop()

    ran = tmp_path / "ran"
    monkeypatch.setattr(fork_server, "IMPORTED_S", 5)
    monkeypatch.setattr(server, "stop", stop_late)
    with pytest.raises(TimeoutError):
        _append(server, ran)
    until(lambda: not _running(), "it has ended")
    assert not ran.exists()


@pytest.fixture
def struck(monkeypatch):
    """Starts a server of which one process gets a signal during each launch."""
    servers = []

    def start(victim, name):
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("VICTIM", victim)
        monkeypatch.setenv("SIGNAL", name)
        servers.append(ForkServer("tests.hub.process.forking.struck_forks", TOLD))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def _append(server, file):
    """Launch what appends a word to a file."""
    program = f"print('ran', file=open({str(file)!r}, 'a'))"
    return server.launch(["-m", TOLD, program], {}, reads_lines=False)


def test_a_supervisor_that_ignores_its_children(forked):
    """A parent may hand that down (signal(7), SIGCHLD); a process can be forked all the same."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        one = forked("print('begun')")
        assert one.stdout.read() == "begun\n"
        one.wait(PATIENCE_S)
    finally:
        signal.signal(signal.SIGCHLD, before)


def _running():
    """Servers and forked processes that are children of ours, and have not ended."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    lines = {int(pid): command_line(int(pid)) for pid in pids}
    return [pid for pid, line in lines.items() if TOLD in line or fork_server.SERVER in line]


def _parent(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])
