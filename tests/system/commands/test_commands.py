"""The commands that check, show and write files."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.forked import PATIENCE_S
from tests.house import ROOT, until

NO_PLACE = "latitude and longitude go together. Set both, or neither."


def doorbell(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    variables = {**os.environ, "HOME": str(folder), **environment}
    return forked.run("hub.cli.main", *words, cwd=folder, env=variables)


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


def test_check_tells_every_fault_at_once(tmp_path: Path):
    """All settings and all handler files are looked at before it ends with 78."""
    (tmp_path / "doorbell.toml").write_text(
        "[handlers.notify]\nprioriy = 1\n[handlers.bark]\nvolume = 200\n[handlers.barc]\n"
        '[handlers.light]\nwhen = "night"\n'
    )
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "mine.py").write_text("def x(:\n")
    checked = doorbell(tmp_path, "check")
    assert checked.returncode == 78
    assert checked.stderr.splitlines() == [
        "✗ doorbell.toml: [handlers.barc]: there is no handler file barc.py. "
        "Did you mean [handlers.bark]?",
        "✗ doorbell.toml: line 4: [handlers.bark] volume: must be at most 100.",
        '✗ doorbell.toml: line 7: [handlers.light] when: "night" needs a place. '
        'Set latitude and longitude in [house], or when = "always"',
        "✗ mine.py, line 1: invalid syntax",
        "✗ doorbell.toml: line 2: [handlers.notify] prioriy: unknown key. "
        "Known here: doors, drill_text, enabled, group_s, max_age_s, picture, recipients, "
        "timeout_s, title, urls.",
    ]
    assert "✓ record: reacts to doorbell.pressed, clip.due" in checked.stdout


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("import os\nos._exit(3)\n", "exit status 3"),
        ("import os\nos._exit(0)\n", "exit status 0"),
        ("import os\nos.kill(os.getpid(), 11)\n", "signal 11: Segmentation fault"),
    ],
)
def test_a_file_that_ends_the_check_is_a_fault_of_its_own(tmp_path: Path, code: str, how: str):
    """Also where there are two of them: all others are checked, too."""
    (tmp_path / "doorbell.toml").write_text("[handlers.bark]\nvolume = 200\n")
    (tmp_path / "handlers").mkdir()
    for name in ("end", "odd"):
        (tmp_path / "handlers" / f"{name}.py").write_text(code)
    checked = doorbell(tmp_path, "check")
    assert checked.returncode == 78
    what = f"its code has ended the process that loads it ({how}). Look at what it and its imports"
    assert checked.stderr.splitlines() == [
        "✗ doorbell.toml: line 2: [handlers.bark] volume: must be at most 100.",
        f"✗ end.py: {what} do when they are loaded",
        f"✗ odd.py: {what} do when they are loaded",
    ]
    assert "✓ record: reacts to doorbell.pressed, clip.due" in checked.stdout


def test_a_file_that_ends_its_process_ends_no_other_command(tmp_path: Path):
    """Each names the file, and goes on with the others where it needs more than this one."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "end.py").write_text("import os\nos._exit(3)\n")
    told = "end.py: its code has ended the process that loads it (exit status 3)"
    shown = doorbell(tmp_path, "config")
    assert f"\n# {told}. Look at" in shown.stdout
    assert "[handlers.record]" in shown.stdout
    examined = doorbell(tmp_path, "doctor")
    assert examined.stdout.startswith(f"settings\n  ✗ {told}\n    → Look at")
    assert examined.stdout.count("\nversions\n") == 1
    in_json = json.loads(doorbell(tmp_path, "doctor", "--json").stdout)
    assert in_json["findings"][0]["found"] == told
    again = doorbell(tmp_path, "replay", "end", "--since", "1h")
    assert again.returncode == 78
    assert again.stderr.startswith(f"✗ {told}")


def test_a_command_that_is_ended_later_says_so(tmp_path: Path):
    """By code of a file that runs when all are loaded: in a thread, or in its own `Config`."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "late.py").write_text(
        "import os\nfrom hub import Event, HandlerConfig, handler\n"
        "class Config(HandlerConfig):\n    def model_dump(self): os._exit(3)\n"
        '@handler("doorbell.pressed")\ndef late(event: Event, config: Config): ...\n'
    )
    shown = doorbell(tmp_path, "config")
    assert shown.returncode == 3
    assert shown.stderr.startswith("✗ something has ended this command (exit status 3). Perhaps")
    _replace(tmp_path / "handlers" / "late.py", "os._exit(3)", "os._exit(0)")
    assert doorbell(tmp_path, "config").returncode == 1  # it has not done what it was to do


@pytest.mark.parametrize("raised", ["Odd('no list')", "SystemExit('no list')"])
def test_what_a_file_makes_of_its_settings_may_fail(tmp_path: Path, raised: str):
    """Its own exceptions are told as its fault: no other process knows their class."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "odd.py").write_text(
        "from hub import Event, HandlerConfig, handler\nclass Odd(Exception): ...\n"
        f"class Config(HandlerConfig):\n    def model_dump(self): raise {raised}\n"
        '@handler("doorbell.pressed")\ndef odd(event: Event, config: Config): ...\n'
    )
    shown = doorbell(tmp_path, "config")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"\n# odd.py, line 4: {raised.partition('(')[0]}: no list" in shown.stdout


def test_a_hangup_ends_no_check_that_is_to_outlast_it(tmp_path: Path):
    """With `nohup` its child ignores the signal, too, and blames no file for it."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "slow.py").write_text(
        "import pathlib, time\npathlib.Path('loading').touch()\n"
        "while not pathlib.Path('go on').exists(): time.sleep(0.01)\n"
    )
    command = ["nohup", sys.executable, "-m", "hub.cli.main", "check"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=variables, stderr=subprocess.PIPE, start_new_session=True
    ) as checking:
        until((tmp_path / "loading").exists, "the file is loaded")
        os.killpg(checking.pid, signal.SIGHUP)
        (tmp_path / "go on").touch()
        told = checking.stderr.read()
    assert b"slow.py: no handler in it" in told


@pytest.mark.parametrize("whom", [os.kill, os.killpg])
def test_ctrl_c_ends_a_check_that_waits_for_a_file(tmp_path: Path, whom):
    """The terminal sends it to all processes of the command, and others to one; no file did it."""
    (tmp_path / "handlers").mkdir()
    text = "import os, pathlib, threading\npathlib.Path('pid').write_text(f'{os.getpid()}.')\n"
    (tmp_path / "handlers" / "slow.py").write_text(f"{text}threading.Event().wait()\n")
    command = [sys.executable, "-m", "hub.cli.main", "check"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=variables, stderr=subprocess.PIPE, start_new_session=True
    ) as checking:
        pid = tmp_path / "pid"
        until(lambda: pid.exists() and pid.read_text().endswith("."), "the file is loaded")
        whom(checking.pid, signal.SIGINT)
        told = checking.stderr.read()  # up to the end of both
    assert checking.returncode in (-signal.SIGINT, 130)
    assert b"slow.py" not in told


@pytest.mark.parametrize(
    ("house", "fault"),
    [
        ("latitude = 95.0\nlongitude = 10.0", "line 3: [house] latitude: must be at most 90."),
        ("latitude = 50", f"line 2: [house] {NO_PLACE}"),
    ],
)
def test_a_fault_in_the_place_is_one_line(tmp_path: Path, house: str, fault: str):
    """What needs the place (`light` at night, the sun's events) is not reported beside it."""
    (tmp_path / "doorbell.toml").write_text(
        f'state_dir = "state"\n[house]\n{house}\n[clock]\nsun = true\n'
        '[handlers.light]\nwhen = "night"\n[handlers.bark]\nvolume = 200\n'
    )
    bark = 9 + house.count("\n")
    checked = doorbell(tmp_path, "check")
    assert checked.returncode == 78
    assert checked.stderr.splitlines() == [
        f"✗ doorbell.toml: {fault}",
        f"✗ doorbell.toml: line {bark}: [handlers.bark] volume: must be at most 100.",
    ]
    examined = doorbell(tmp_path, "doctor")
    assert "sunrise and sunset: the place in [house] is faulty" in examined.stdout


def test_check_is_content_with_the_demo(tmp_path: Path):
    """Without any file everything is in order."""
    checked = doorbell(tmp_path, "check")
    assert checked.returncode == 0, checked.stderr
    assert "demo.toml: 1 door" in checked.stdout


def test_config_masks_secrets(tmp_path: Path):
    """Settings in force, defaults included; no password, token or URL of a notification service."""
    (tmp_path / "doorbell.toml").write_text(
        '[broker]\nhost = "b"\npassword = "hunter2"\n[handlers.notify]\nurls = ["ntfy://s3cret@host/topic"]\n'
        '[handlers.record]\ncamera = "rtsp://me:pa55@cam/live"\n'
    )
    shown = doorbell(tmp_path, "config")
    assert shown.returncode == 0, shown.stderr
    for secret in ("hunter2", "s3cret", "pa55"):
        assert secret not in shown.stdout
    assert 'camera = "rtsp://********@cam/live"' in shown.stdout
    assert "clip_s = 10\n" in shown.stdout


def test_a_new_handler_and_its_test_work_as_written(tmp_path: Path):
    """`doorbell new` writes a good handler and a test that passes; it overwrites nothing."""
    made = doorbell(tmp_path, "new", "greet")
    assert made.returncode == 0, made.stderr
    assert doorbell(tmp_path, "check").returncode == 0
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "handlers/tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "1 passed" in tested.stdout, tested.stdout
    again = doorbell(tmp_path, "new", "greet")
    assert again.returncode == 78
    assert "exists already" in again.stderr


def test_press_without_a_broker_says_what_to_do(tmp_path: Path):
    """No broker: the command fails with where it looked."""
    pressed = doorbell(
        tmp_path, "press", DOORBELL_BROKER__HOST="127.0.0.1", DOORBELL_BROKER__PORT="1"
    )
    assert pressed.returncode == 1
    assert "no broker at 127.0.0.1:1. Is `doorbell run` or your broker running?" in pressed.stderr
