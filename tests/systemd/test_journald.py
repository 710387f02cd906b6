"""What stands in the journal."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.system.log import journald
from tests.forked import PATIENCE_S
from tests.house import ROOT

EVENT = "0198c2a4-0000-7000-8000-000000000000"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """The journal's end of its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "journal"))
        listener.settimeout(PATIENCE_S)
        yield listener


@pytest.fixture
def log(tmp_path: Path, journal: socket.socket) -> Iterator[logging.Logger]:
    """A logger that writes there."""
    logger = logging.Logger("hub.consumer.consumer", logging.DEBUG)  # noqa: LOG001 - a new one
    handler = journald.JournaldHandler("notify", tmp_path / "journal")
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_a_line_has_fields(log: logging.Logger, journal: socket.socket):
    """Its priority, its process, and the event that it is about."""
    with journald.about(EVENT):
        log.warning("wave failed (attempt %d)", 1)
    assert journal.recv(4096).decode().splitlines() == [
        "MESSAGE=wave failed (attempt 1)",
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=doorbell-notify",
        "DOORBELL_PROCESS=notify",
        f"DOORBELL_EVENT={EVENT}",
        "LOGGER=hub.consumer.consumer",
    ]


def test_lines_that_belong_together_stay_together(log: logging.Logger, journal: socket.socket):
    """A message and its traceback are one entry, and cannot forge a field."""
    log.error("one\nPRIORITY=7", exc_info=ValueError("two\nPRIORITY=7"))
    said = journal.recv(4096)
    assert said.startswith(b"MESSAGE\n")
    length = int.from_bytes(said[8:16], "little")
    message = said[16 : 16 + length].decode().splitlines()
    assert message == [r"one\nPRIORITY=7", "  ValueError: two", "  PRIORITY=7"]
    assert said[16 + length :].startswith(b"\nPRIORITY=3\nSYSLOG_IDENTIFIER=")


def test_no_field_holds_a_raw_newline_or_escape(journal: socket.socket, tmp_path: Path):
    """Neither the process's name, nor the event's id, nor the logger's name."""
    handler = journald.JournaldHandler("no\x1btify", tmp_path / "journal")
    record = logging.LogRecord("lo\ngger", logging.INFO, "", 0, "a\x9b2Jb\u202e", (), None)
    record.event = "id\nMESSAGE=forged"
    handler.handle(record)
    handler.close()
    assert journal.recv(4096).decode().splitlines() == [
        r"MESSAGE=a\u009b2Jb\u202e",
        "PRIORITY=6",
        r"SYSLOG_IDENTIFIER=doorbell-no\u001btify",
        r"DOORBELL_PROCESS=no\u001btify",
        r"DOORBELL_EVENT=id\nMESSAGE=forged",
        r"LOGGER=lo\ngger",
    ]


@pytest.mark.parametrize(
    ("level", "priority"), [("debug", 7), ("info", 6), ("warning", 4), ("error", 3)]
)
def test_levels_are_syslog_s(
    level: str, priority: int, log: logging.Logger, journal: socket.socket
):
    """So `journalctl -p warning` shows what it should; a line can also name its event itself."""
    getattr(log, level)("x", extra={"event": EVENT})
    assert f"PRIORITY={priority}\n".encode() in (said := journal.recv(4096))
    assert f"DOORBELL_EVENT={EVENT}\n".encode() in said


def test_without_the_journal_s_socket_the_line_keeps_its_priority(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    """On standard error, which systemd reads, each line begins with it."""
    handler = journald.JournaldHandler("notify", tmp_path / "nobody")
    failure = (ValueError, ValueError("two"), None)
    handler.handle(logging.LogRecord("x", logging.WARNING, "", 0, "one", (), failure))
    handler.close()
    assert capsys.readouterr().err == "<4>one\n<4>  ValueError: two\n"


@pytest.mark.parametrize("ours", [True, False])
def test_it_is_used_only_where_standard_error_is_the_journal_s(*, ours: bool, tmp_path: Path):
    """Not where it was redirected, or in a command that a unit runs."""
    with (tmp_path / "log").open("wb") as file:
        status = os.fstat(file.fileno())
        stream = f"{status.st_dev}:{status.st_ino}" if ours else "1:2"
        code = (
            "import logging; from hub.process.lifecycle import set_up_logs\n"
            "set_up_logs('INFO', 'x'); logging.warning('hi')"
        )
        variables = {**os.environ, "JOURNAL_STREAM": stream}
        subprocess.run(
            [sys.executable, "-c", code], env=variables, stderr=file, cwd=ROOT, check=True
        )
    there = journald.SOCKET.exists()
    assert (tmp_path / "log").read_text() == (
        ("" if there else "<4>hi\n") if ours else "WARNING x: hi\n"
    )
