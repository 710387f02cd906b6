"""Child processes: started, watched, restarted with backoff, ended."""

import errno
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.process.child import Child
from hub.process.forking.fork_server import ForkServer
from hub.process.launch import Launcher, Program
from tests.forked import PATIENCE_S
from tests.house import ROOT, until
from tests.hub.fakes import python
from tests.hub.process.told import TOLD

WAIT = "import signal; print('begun', flush=True); signal.pause()"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("begun", flush=True)
while True:
    signal.pause()
"""
PARENT = """
import signal, sys
from hub.process.child import Child
from hub.process.forking.fork_server import ForkServer
from hub.process.launch import Program

def echo(name, line):
    print(child.process.pid, line, flush=True)

how, *command = sys.argv[1:]
launcher = ForkServer() if how == "forked" else Program()
child = Child("one", command, {}, echo, launcher=launcher)
child.tick()
signal.pause()
"""


@dataclass
class Watched:
    """A child and the lines that it printed."""

    program: str
    launcher: Launcher
    lines: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self):
        self.child = Child(
            "one",
            _command(self.launcher, self.program),
            {"COLOUR": "blue"},
            lambda *line: self.lines.append(line),
            launcher=self.launcher,
        )

    def printed(self):
        return [line for _, line in self.lines]

    def until_printed(self, words):
        return until(
            lambda: self.child.tick() or any(words in line for line in self.printed()),
            lambda: f"{words}: {self.lines}",
        )

    def until_dead(self):
        """Gives when that was noticed, or a moment before."""
        until(lambda: self.child.process.poll() is not None, "it ends")
        noticed_at = time.monotonic()
        self.child.tick()
        return noticed_at


def _command(launcher, program):
    return ["-c", program] if isinstance(launcher, Program) else ["-m", TOLD, program]


@pytest.fixture(scope="module", params=["executed", "forked"])
def launcher(request):
    """Both ways in which a process of ours is started."""
    if request.param == "executed":
        yield Program()
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        server = ForkServer(TOLD)
        server.start()
    yield server
    server.stop()


@pytest.fixture
def watch(launcher):
    """Starts programs as children; those that are left are killed."""
    watched = []

    def start(program):
        watched.append(Watched(program, launcher))
        watched[-1].child.tick()
        return watched[-1]

    yield start
    for each in watched:
        each.child.end()
        each.child.wait_ended(time.monotonic())


def test_what_it_prints_is_echoed_with_its_name(watch):
    """Both streams, line by line, at once, any bytes; the child knows that it is supervised."""
    one = watch(
        "import os, sys; print('out', os.environ['COLOUR'], os.environ['DOORBELL_SUPERVISED'])\n"
        "print('err', file=sys.stderr); sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush()\n"
        + WAIT
    )
    one.until_printed("begun")
    assert one.lines == [("one", "out blue 1"), ("one", "err"), ("one", "�"), ("one", "begun")]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("raise SystemExit(3)", "ended with 3"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by signal 9"),
    ],
)
def test_a_crashed_child_starts_again_after_a_pause(watch, end, words):
    """The pause is printed, kept, and longer after the second crash than after the first."""
    one = watch(f"print('begun', flush=True); {end}")
    died = one.until_dead()
    assert one.child.process is None
    first_s = _pauses(one, words)[0]
    until(lambda: one.child.tick() or one.child.process, "it is started again")
    assert time.monotonic() - died >= 0.2
    assert 0.2 <= first_s <= 0.5
    one.until_dead()
    assert 0.5 <= _pauses(one, words)[1] <= 1.0


def _pauses(one, words):
    """The seconds that it names in lines with these words."""
    return [float(line.split()[-2]) for line in one.printed() if words in line]


OVERDUE = """
from hub.consumer import deadline
deadline.GRACE_S = 0.1
with deadline.deadline(0.1):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""


def test_a_child_that_cannot_be_stopped_in_time_is_told_so(watch):
    """And not only by the number of the signal; `advice` would not help here."""
    one = watch(OVERDUE)
    one.child.advice = "look there"
    one.until_dead()
    told = [line for line in one.printed() if "starts again" in line][-1]
    assert told.startswith(
        "its function took longer than timeout_s, and could not be stopped: killed; starts again in"
    )


@pytest.mark.parametrize("end", ["import os; os._exit(3)", "import os; os.abort()"])
def test_a_child_that_ends_soon_is_told_with_where_to_look(watch, end):
    """Its program may have ended it without a word; after a while it is no fault of the start."""
    one = watch(end)
    one.child.advice = "`doorbell check` may say why"
    one.until_dead()
    (told,) = [line for line in one.printed() if "starts again" in line]
    assert " s after its start; `doorbell check` may say why; starts again in" in told
    one.child._started_at -= 3600
    one.child._plan_restart(3)
    assert one.printed()[-1].startswith("ended with 3; starts again in")


@pytest.mark.parametrize(
    ("code", "words"), [(78, "not started again until its file or the settings change"), (0, "")]
)
def test_a_child_that_is_done_or_misconfigured_is_not_started_again(watch, code, words):
    """A restart cannot repair the settings (exit 78), and exit 0 is no fault."""
    one = watch(f"raise SystemExit({code})")
    one.until_dead()
    assert one.child._restart_at is None
    one.child.tick()
    assert one.child.process is None
    assert one.printed() == ([words] if words else [])


def test_a_misconfigured_child_can_be_restarted(watch):
    """When its file has changed it starts at once."""
    one = watch("raise SystemExit(78)")
    one.until_dead()
    one.child.restart()
    one.child.tick()
    assert one.child.process


def test_a_restart_is_another_process_without_a_pause(watch):
    """The old process ends first: there are never two."""
    one = watch(WAIT)
    one.until_printed("begun")
    before = one.child.process
    one.child.restart()
    assert before.returncode == -signal.SIGTERM
    one.child.tick()
    assert one.child.process.pid != before.pid


def test_an_ended_child_stays_ended(watch):
    """This is not a crash, and no tick starts it again."""
    one = watch(WAIT)
    one.until_printed("begun")
    process = one.child.process
    one.child.end()
    one.child.wait_ended(time.monotonic() + PATIENCE_S)
    one.child.tick()
    assert (process.returncode, one.child.process) == (-signal.SIGTERM, None)


def test_a_child_that_ignores_sigterm_is_killed(watch):
    """At the deadline; the parent waits for its end."""
    one = watch(STUBBORN)
    one.until_printed("begun")
    process = one.child.process
    one.child.end()
    one.child.wait_ended(time.monotonic() + 0.05)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "command", [("executed", "-c", WAIT), ("forked", "-m", TOLD, WAIT)], ids=["executed", "forked"]
)
def test_a_child_ends_with_its_parent(command):
    """Even by kill -9 of the parent: no process is left without a supervisor."""
    with python(PARENT, *command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as parent:
        pid = int(parent.stdout.readline().split()[0])
        assert not _is_gone(pid)
        parent.kill()
    until(lambda: _is_gone(pid), "the child ends")


def _is_gone(pid):
    """Whether it has ended, even if its parent has not waited for it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_start_can_be_delayed(monkeypatch):
    """Others get a head start."""
    now_s = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    watched = Watched(WAIT, Program())
    watched.child.delay(5)
    watched.child.tick()
    assert watched.child.process is None
    now_s += 5
    watched.child.tick()
    assert watched.child.process is not None
    monkeypatch.undo()
    watched.until_printed("begun")
    watched.child.end()
    watched.child.wait_ended(time.monotonic() + PATIENCE_S)


class _Refusing:
    """A launcher on a machine that has no memory left."""

    def launch(self, *_, **__):
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def test_a_child_that_cannot_be_started_is_tried_again():
    """That is told; the supervisor goes on."""
    watched = Watched(WAIT, _Refusing())
    watched.child.tick()
    assert watched.child.process is None
    (line,) = watched.printed()
    assert line.startswith("cannot be started ([Errno 12] Cannot allocate memory); starts again in")
    until(lambda: watched.child.tick() or len(watched.lines) > 1, "the next try")
