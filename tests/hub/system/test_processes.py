"""Whether a process is older than what is installed."""

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from hub.system import processes


def test_when_a_process_began():
    """A child begins after its parent."""
    mine = processes.began_unix_s(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        its = processes.began_unix_s(child.pid)
        child.communicate(b"\n")
    assert mine <= its
    assert abs(time.time() - its) < 60


def test_a_name_with_brackets_and_blanks(tmp_path: Path):
    """The second field may hold anything."""
    (tmp_path / "proc/7").mkdir(parents=True)
    rest = " ".join(["S", *map(str, range(4, 22)), str(500 * os.sysconf("SC_CLK_TCK")), "0"])
    (tmp_path / "proc/7/stat").write_text(f"7 (a) b (c) {rest}\n")
    booted_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert processes.began_unix_s(7, tmp_path) == pytest.approx(booted_s + 500, abs=60)
    assert processes.is_outdated(7, booted_s + 600, tmp_path)
    assert not processes.is_outdated(7, booted_s + 400, tmp_path)
    assert not processes.is_outdated(7, None, tmp_path)
    assert not processes.is_outdated(8, booted_s + 600, tmp_path)


def test_when_it_was_installed():
    """The time of the folder that pip wrote; None without it."""
    told = processes.installed_unix_s()
    assert told is None or 0 < told <= time.time()
    assert version(processes.NAME)
