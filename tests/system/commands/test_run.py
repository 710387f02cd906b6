"""`doorbell run` as a person uses it: own broker, keyboard, handler files come and go."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import forked
from tests.forked import PATIENCE_S
from tests.house import ROOT, free_port, until
from tests.processes import command_line, kill_session, of_session

SHIPPED = ("notify", "record", "light", "bark", "log")
HANDLER = """from hub import Event, HandlerConfig, handler

@handler("doorbell.pressed")
def {name}(event: Event, config: HandlerConfig) -> str:
    return "{says}"
"""


class Run:
    """A `doorbell run` in a process group of its own, and what it printed."""

    def __init__(self, folder: Path, port: int = 0, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.lines: list[str] = []
        (folder / "handlers").mkdir(parents=True, exist_ok=True)
        handlers = {"light": 'when = "always"', "bark": 'speaker = "simulated"'}
        handlers |= {"record": "clip_s = 1"} | dict.fromkeys(without, "enabled = false")
        tables = "".join(f"[handlers.{name}]\n{text}\n" for name, text in handlers.items())
        (folder / "doorbell.toml").write_text(
            f'state_dir = "state"\n{tables}[broker]\nport = {port or free_port()}\n'
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli.main", "run"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait_for(self, *parts: str, after: int = 0) -> str:
        """The first line (from number `after`) that holds all these parts."""

        def found() -> list[str]:
            return [line for line in self.lines[after:] if all(part in line for part in parts)]

        return until(found, lambda: f"{parts} in:\n" + "\n".join(self.lines))[0]

    def press(self) -> int:
        """Enter; returns the number of lines printed before."""
        before = len(self.lines)
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return before

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another `doorbell` command, from another terminal."""
        variables = {**os.environ, "HOME": str(self.folder)}
        return forked.run("hub.cli.main", *words, cwd=self.folder, env=variables)

    def close(self) -> None:
        """End it with everything that it started."""
        kill_session(self.process.pid)
        self.process.wait(PATIENCE_S)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()

    def family(self) -> list[int]:
        """All processes of the session that `doorbell run` began."""
        return of_session(self.process.pid)

    def broker(self) -> int:
        """Its own broker: mosquitto where it is installed."""
        lines = {pid: command_line(pid) for pid in self.family()}
        (found,) = [
            pid
            for pid, line in lines.items()
            if "own-broker.conf" in line or "embedded_broker" in line
        ]
        return found

    def child(self, *parts: str) -> int:
        """The process whose command line holds these parts."""

        def found() -> list[int]:
            lines = {pid: command_line(pid) for pid in self.family()}
            return [pid for pid, line in lines.items() if all(part in line for part in parts)]

        return until(found, f"a process {parts}")[0]


@contextmanager
def _running(folder: Path) -> Iterator[Run]:
    run = Run(folder)
    try:
        for name in SHIPPED:
            run.wait_for(f"{name} is ready")
        yield run
    finally:
        run.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with _running(tmp_path / "home") as run:
        yield run


@pytest.fixture(scope="module")
def lasting_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One for all tests that leave it running: eight processes have to start."""
    with _running(tmp_path_factory.mktemp("lasting") / "home") as run:
        yield run


together = pytest.mark.xdist_group("lasting_run")


@together
def test_enter_rings_and_all_react(lasting_run: Run):
    """Each press shows, and each of the reactions with how long after it and how long it took."""
    before = lasting_run.press()
    lasting_run.wait_for("ding dong", "Front door", after=before)
    for name in SHIPPED:
        line = lasting_run.wait_for("✓", f"{name} · doorbell.pressed", after=before)
        assert "after" in line
        assert "took" in line


@together
def test_enter_is_offered_when_all_listen(lasting_run: Run):
    """A handler's first start knows no earlier press: so the first Enter has to reach them all."""
    offer = lasting_run.wait_for("Enter rings the bell")
    ready = [lasting_run.wait_for(f"{name} is ready") for name in SHIPPED]
    assert all(lasting_run.lines.index(line) < lasting_run.lines.index(offer) for line in ready)


@together
def test_who_hears_everything_is_served_last(lasting_run: Run):
    """A `*` handler has a lower priority than the others, which a visitor may wait for."""
    own = os.getpriority(os.PRIO_PROCESS, os.getpid())
    niceness = {
        name: os.getpriority(os.PRIO_PROCESS, lasting_run.child("hub.worker", f"/{name}.py"))
        for name in ("light", "log")
    }
    assert niceness == {"light": own, "log": min(own + 5, 19)}


@together
def test_the_press_command_rings_too(lasting_run: Run):
    """From another terminal, without being told which port its broker has."""
    before = len(lasting_run.lines)
    pressed = lasting_run.command("press", "front")
    assert pressed.returncode == 0, pressed.stderr
    assert pressed.stdout.startswith("Front door rang: ")
    lasting_run.wait_for("✓", "bark · doorbell.pressed", after=before)
    wrong = lasting_run.command("press", "garage")
    assert (wrong.returncode, wrong.stderr) == (78, "✗ garage: no such door. Known here: front.\n")


@together
def test_a_saved_file_reacts_changes_and_goes(lasting_run: Run):
    """A handler starts when its file is saved, restarts when it changes, ends when it goes."""
    path = lasting_run.folder / "handlers" / "wave.py"
    path.write_text(HANDLER.format(name="wave", says="hello"))
    lasting_run.wait_for("wave is ready")
    before = lasting_run.press()
    lasting_run.wait_for("✓", "wave · doorbell.pressed", "hello", after=before)
    changed = len(lasting_run.lines)
    path.write_text(HANDLER.format(name="wave", says="good-bye"))
    lasting_run.wait_for("its file changed", after=changed)
    lasting_run.wait_for("wave is ready", after=changed)
    before = lasting_run.press()
    lasting_run.wait_for("✓", "wave · doorbell.pressed", "good-bye", after=before)
    path.unlink()
    lasting_run.wait_for("wave: its file is gone")
    before = lasting_run.press()
    lasting_run.wait_for("✓", "bark · doorbell.pressed", after=before)
    until(
        lambda: not any("wave.py" in command_line(pid) for pid in lasting_run.family()),
        "its process is gone",
    )


@together
@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("broken", "def x(:\n", "broken.py, line 1: invalid syntax"),
        ("Loud", HANDLER.format(name="loud", says=""), "Loud.py: not a handler's name."),
        ("empty", "x = 1\n", 'empty.py: no handler in it. Put @handler("doorbell.pressed")'),
        (
            "needy",
            "import not_there\n",
            "needy.py, line 1: No module named 'not_there'. Install it",
        ),
    ],
)
def test_a_bad_file_is_reported_and_stops_nobody(
    lasting_run: Run, name: str, text: str, complaint: str
):
    """Where, what and what to do; the others react as before; mended, it starts."""
    path = lasting_run.folder / "handlers" / f"{name}.py"
    said = len(lasting_run.lines)
    path.write_text(text)
    lasting_run.wait_for(complaint, after=said)
    lasting_run.wait_for(
        f"{name}: not started again until its file or the settings change", after=said
    )
    before = lasting_run.press()
    for other in SHIPPED:
        lasting_run.wait_for("✓", f"{other} · doorbell.pressed", after=before)
    if name == "broken":
        path.write_text(HANDLER.format(name=name, says="mended"))
        lasting_run.wait_for(f"{name} is ready")


def test_a_process_that_found_no_settings_starts_when_they_are_back(run: Run):
    """Though the file is the one that everything runs with."""
    file = run.folder / "doorbell.toml"
    away = file.rename(run.folder / "away")
    os.kill(run.child("worker", "log.py"), signal.SIGKILL)
    run.wait_for("log: not started again until its file or the settings change")
    said = len(run.lines)
    away.rename(file)
    run.wait_for("log is ready", after=said)


def test_who_dies_is_started_again(run: Run):
    """A killed handler and a killed broker come back by themselves, and presses reach all."""
    os.kill(run.child("worker", "bark.py"), signal.SIGKILL)
    run.wait_for("bark: was killed by signal 9")
    mark = len(run.lines)
    os.kill(run.broker(), signal.SIGKILL)
    run.wait_for("broker: was killed by signal 9", after=mark)

    def all_react() -> bool:
        pressed = run.command("press").returncode == 0
        later = [line for line in run.lines[mark:] if line.startswith("✓")]
        return pressed and all(
            any(f"{name} · doorbell.pressed" in line for line in later) for name in SHIPPED
        )

    until(all_react, lambda: "\n".join(run.lines))


def _wait_settled(run: Run) -> None:
    until(lambda: len(run.family()) == 11, lambda: f"who is switched off has ended: {run.family()}")


def test_processes_outlive_the_one_that_forked_them(run: Run):
    """They go on reacting; the next one that dies is forked by a new server, and catches up."""
    server = run.child("forking.server")
    _wait_settled(run)
    family = set(run.family())
    os.kill(server, signal.SIGKILL)
    before = run.press()
    for name in SHIPPED:
        run.wait_for("✓", f"{name} · doorbell.pressed", after=before)
    assert family - set(run.family()) <= {server}
    mark = len(run.lines)
    os.kill(run.child("worker", "bark.py"), signal.SIGKILL)
    run.wait_for("bark: was killed by signal 9", after=mark)
    run.press()
    run.wait_for("✓", "bark · doorbell.pressed", after=mark)
    assert run.child("forking.server") != server


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(run: Run, how: signal.Signals):
    """Ctrl-C, a polite end and even kill -9 of `doorbell run` end every process that it started."""
    _wait_settled(run)
    if how == signal.SIGINT:
        os.killpg(run.process.pid, how)
    else:
        run.process.send_signal(how)
    until(
        lambda: not run.family(),
        lambda: f"all are gone: {[command_line(pid) for pid in run.family()]}",
    )


@together
def test_an_answer_and_quiet_are_shown(lasting_run: Run):
    """`doorbell answer` and `doorbell quiet` from another terminal, as lines of their own."""
    before = len(lasting_run.lines)
    assert lasting_run.command("answer", "front", "leave", "it", "--by", "Anna").returncode == 0
    lasting_run.wait_for("answered  Front door  Leave it at the door (Anna)", after=before)
    for mode, words in (("on", "quiet by command"), ("auto", "no quiet hours now")):
        assert lasting_run.command("quiet", mode).returncode == 0
        lasting_run.wait_for(words, after=before)


def _press_until_shown(run: Run) -> None:
    """Its timeline may not be connected yet when the hub takes the first press."""

    def is_shown() -> bool:
        pressed = run.command("press").returncode == 0
        return pressed and any("ding dong" in line for line in run.lines)

    until(is_shown, lambda: "\n".join(run.lines))


def test_two_that_start_together_have_two_brokers(tmp_path: Path):
    """Both want the same port: one gets another, and each bell rings in its own house only."""
    port = free_port()
    runs = [Run(tmp_path / name, port=port, without=(*SHIPPED, "visit")) for name in ("one", "two")]
    try:
        brokers = [run.wait_for("broker 127.0.0.1:").split()[1] for run in runs]
        assert len(set(brokers)) == 2
        for run, other in (runs, reversed(runs)):
            before = len(other.lines)
            _press_until_shown(run)
            assert not [line for line in other.lines[before:] if "ding dong" in line]
        for run in runs:
            assert not [line for line in run.lines if line.startswith("broker: ")]
    finally:
        for run in runs:
            run.close()


@together
def test_two_of_them_do_not_share_a_house(lasting_run: Run):
    """A second `doorbell run` on the same state is refused with what to do."""
    second = lasting_run.command("run")
    assert second.returncode == 78
    assert "another `doorbell run` uses" in second.stderr


@together
def test_faulty_settings_are_reported_and_change_nothing(lasting_run: Run):
    """A half-written file stops no process: the bell goes on with the settings that it has."""
    file = lasting_run.folder / "doorbell.toml"
    good = file.read_text()
    family = lasting_run.family()
    before = len(lasting_run.lines)
    file.write_text(good + "[brokr]\n")
    try:
        lasting_run.wait_for("[brokr]", "everything runs on unchanged", after=before)
        assert lasting_run.family() == family
        lasting_run.wait_for("log · doorbell.pressed", after=lasting_run.press())
    finally:
        file.write_text(good)
