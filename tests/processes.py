"""Which processes there are, read from /proc: `ps` is not on every machine."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def of_session(leader: int) -> list[int]:
    """All processes of the session that this one began, but for zombies."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            *_, rest = (folder / "stat").read_text(encoding="utf-8").rpartition(")")
        except OSError:  # it has ended meanwhile
            continue
        state, _, _, session, *_ = rest.split()
        if int(session) == leader and state != "Z":
            found.append(int(folder.name))
    return found


def kill_session(leader: int) -> None:
    """End all processes of the session, whatever they are doing."""
    for pid in of_session(leader):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def command_line(pid: int) -> str:
    """How it was called; empty when it has ended."""
    return _read(pid, "cmdline").replace("\0", " ")


def has_loaded(pid: int, library: str) -> bool:
    """Whether it has a compiled module or library of this name in its memory."""
    return library in _read(pid, "maps")


def open_files() -> set[str]:
    """What this process has open, by names such as `socket:[4711]`.

    Compare the names, and not how many they are: what earlier tests left to the garbage collector
    may be closed at any moment.
    """
    return {os.path.realpath(one) for one in Path("/proc/self/fd").iterdir() if one.exists()}


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")
    except OSError:
        return ""
