"""Shows a file of this machine to a user at the other end of SSH."""

import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GENERATIONS = 12  # from us to the SSH server: sudo, a shell, tmux, …
SSH = "SSH_CONNECTION"  # sshd(8): client's address and port, server's address and port


@contextmanager
def shelf() -> Iterator[Path]:
    """A private folder of the user, under sudo as well; it is removed with its content."""
    folder = Path(tempfile.mkdtemp(prefix="doorbell-setup-"))
    try:
        hand_over(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(path: Path) -> None:
    """Under sudo, give it to the user who called sudo."""
    if os.geteuid() == 0 and (uid := os.environ.get("SUDO_UID", "")).isdigit():
        os.chown(path, int(uid), int(os.environ.get("SUDO_GID") or -1))


def how_to_see(path: Path) -> list[str]:
    """Lines that say where the file is and, over SSH, how to copy it."""
    lines = [f"It is in {path}"]
    if address := _server_address():
        user = os.environ.get("SUDO_USER") or getpass.getuser()
        host = f"[{address}]" if ":" in address else address
        lines += ["On your own computer, in another terminal:", f"    scp {user}@{host}:{path} ."]
    return lines


def _server_address() -> str | None:
    """The address by which this machine was reached over SSH; None without SSH.

    sudo hides the variable, so the processes above this one are searched as well.
    """
    connection = os.environ.get(SSH, "")
    pid = os.getpid()
    for _ in range(GENERATIONS):
        if connection or pid <= 1:
            break
        connection = _variable(pid, SSH)
        pid = _parent(pid)
    parts = connection.split()
    return parts[2] if len(parts) == 4 else None  # noqa: PLR2004 - see SSH


def _variable(pid: int, name: str) -> str:
    """A variable in the environment of a process; empty where it is not set, or not readable."""
    with suppress(OSError, ValueError):
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(f"{name}=".encode()):
                return entry.decode().partition("=")[2]
    return ""


def _parent(pid: int) -> int:
    """The process above; 0 where it is unknown (proc_pid_stat(5): state, then parent)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
