"""Every command ends in words, whatever its input and output are, and the disk refuses."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import main
from hub.terminal.system_errors import in_words
from tests.forked import PATIENCE_S
from tests.house import ROOT

FULL = "standard output: No space left on device. Make room there"


def doorbell(
    folder: Path, line: str, redirected: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in this folder, with its input and output as the shell connects them."""
    (folder / "doorbell.toml").write_text('state_dir = "state"\nhandlers_dir = "/dev/null/x"\n')
    command = f'exec "$0" -m hub.cli.main {line} -c {folder}/doorbell.toml {redirected}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_full_disk_is_told_in_a_line(tmp_path: Path):
    """Neither in a traceback, nor in what Python says as it ends."""
    ended = doorbell(tmp_path, "check", ">/dev/full")
    assert (ended.returncode, ended.stderr.decode()) == (1, f"✗ {FULL}\n")
    ended = doorbell(tmp_path, "check", "2>/dev/full")
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_closed_input_is_no_terminal(tmp_path: Path):
    """Likewise a closed output, which is written to nowhere."""
    ended = doorbell(tmp_path, "setup", "<&-")
    assert (ended.returncode, b"needs a terminal" in ended.stderr) == (2, True)
    ended = doorbell(tmp_path, "config", "<&- >&-")
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_an_output_without_utf_8_shows_every_letter(tmp_path: Path):
    """As a number, where it has no other way."""
    ended = doorbell(tmp_path, "check", PYTHONIOENCODING="ascii")
    assert ended.stdout.startswith(rb"\u2713 bark: reacts to ")
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_can_be_read_in_every_encoding(encoding: str):
    """A letter that an output does not have is written as JSON writes it."""
    code = "from hub.terminal.output import say_json; say_json({'T\\u00fcr': '\\u2713'})"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, cwd=ROOT, env=environment, timeout=PATIENCE_S)
    assert json.loads(said.decode(encoding)) == {"T\u00fcr": "\u2713"}


def test_what_the_system_refuses_is_told_with_the_place(tmp_path: Path):
    """As when `doorbell new` cannot write where handlers belong."""
    ended = doorbell(tmp_path, "new greet")
    assert (ended.returncode, ended.stderr) == (1, b"\xe2\x9c\x97 /dev/null/x: Not a directory\n")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EROFS, "Read-only", "/srv/x"), "/srv/x: Read-only. Choose another place,"),
        (OSError(errno.EACCES, "Denied", b"/srv/\xff"), "/srv/\udcff: Denied. Use sudo, or"),
        (OSError(errno.ENOENT, "No such file", "/x/y"), "/x/y: No such file. Check the path; a"),
        (OSError(errno.ENOTDIR, "No folder"), "No folder"),
        (TimeoutError("it took too long"), "it took too long"),
    ],
)
def test_an_error_of_the_system_says_what_to_do(error: OSError, words: str):
    """With the file, where the system names one."""
    assert in_words(error).startswith(words)


@pytest.mark.parametrize("since", ["999999d", "999999w"])
def test_a_time_before_all_times_is_told(
    since: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """With what to write."""
    monkeypatch.setattr(sys, "argv", ["doorbell", "events", "--since", since])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    assert f"{since}: not a time. Write 90s" in " ".join(capsys.readouterr().err.split())
