"""Whatever goes to the terminal is shown as what it is."""

import io
import json
import re
import signal
import subprocess
import sys

import pytest
from rich.table import Table

from hub.system.log import masking
from hub.terminal.output import Console, Text, complain, say, say_json
from tests.house import ROOT

HOSTILE = "a\n✓ bark\x1b]0;owned\x07\x9b2J\u202eb [red]c[/red] :bell:"
SHOWN = r"a\n✓ bark\u001b]0;owned\u0007\u009b2J\u202eb [red]c[/red] :bell:"


def test_each_argument_is_one_line(capsys: pytest.CaptureFixture[str]):
    """On standard output and on standard error; an empty one is an empty line."""
    say(HOSTILE, "", 1)
    complain(f"✗ {HOSTILE}")
    written = capsys.readouterr()
    assert written.out == f"{SHOWN}\n\n1\n"
    assert written.err == f"✗ {SHOWN}\n"


def test_json_can_be_read_back(capsys: pytest.CaptureFixture[str]):
    """On one line or indented, it stays what it was."""
    value = {"note": [HOSTILE], HOSTILE: {"count": 1.5, "is_true": True}}
    say_json(value)
    say_json(value, indent=2)
    line, indented = capsys.readouterr().out.split("\n", 1)
    assert json.loads(line) == json.loads(indented) == value
    assert all(one.isprintable() for one in (line, *indented.split("\n")))


def test_a_secret_does_not_break_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """It is masked in texts only, whatever it is: a password may be `true`, or a number."""
    monkeypatch.setattr(masking, "_secrets", masking._Secrets())
    masking.never_show(["true", "1234", 'note": "'])
    say_json({"note": "true, 1234", "count": 1234, "is_true": True})
    written = json.loads(capsys.readouterr().out)
    assert written == {"note": "********, ********", "count": 1234, "is_true": True}


def test_a_console_writes_no_text_raw():
    """As a plain text, in a Text, added to one, and in a cell; markup is text like any other."""
    console = Console(file=io.StringIO(), width=300, force_terminal=True, color_system="truecolor")
    table = Table.grid()
    table.add_row(HOSTILE, Text(HOSTILE, "red"))
    console.print(HOSTILE, style="bold")
    console.print(Text("x").append(HOSTILE, "dim"), Text.assemble(HOSTILE, (HOSTILE, "red")))
    console.print(table)
    written = console.file.getvalue()
    assert written.count(SHOWN) == 6
    plain = re.sub(r"\x1b\[[0-9;]*m", "", written)  # rich's own colours
    assert plain.count("\n") == 3
    assert all(line.isprintable() for line in plain.split("\n"))


WRITES = {
    "lines": "say(*range(100_000))",
    "json": "say_json(list(range(100_000)), indent=1)",
    "a console": "[Console(file=sys.stdout).print('x' * 10_000) for _ in range(100)]",
}


@pytest.mark.parametrize("how", WRITES)
def test_a_command_whose_reader_has_gone_ends_quietly(how: str):
    """`doorbell events | head`: by SIGPIPE, as other programs do."""
    script = f"import sys; from hub.terminal.output import Console, say, say_json; {WRITES[how]}"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        assert command.stdout
        assert command.stderr
        command.stdout.read(1)
        command.stdout.close()
        assert command.stderr.read() == b""
    assert command.returncode == -signal.SIGPIPE


def test_a_connection_that_is_broken_ends_no_command():
    """SIGPIPE comes from there, too: doctor ended without a word when its broker hung up."""
    script = (
        "import sys, hub.cli.main as cli\n"
        "from contextlib import suppress\n"
        "sys.argv = ['doorbell', '--version']\n"
        "with suppress(SystemExit):\n    cli.main()\n"
        "import socket\n"
        "one, other = socket.socketpair()\n"
        "other.close()\n"
        "with suppress(BrokenPipeError):\n    one.send(b'x')\n"
        "print('alive')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("alive\n"), done
