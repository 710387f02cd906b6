"""How somebody at the other end of SSH gets to see a file of this machine."""

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
    """A folder that only the person who asks can look into, under sudo, too; it goes with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix="doorbell-setup-"))
    try:
        hand_over(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(path: Path) -> None:
    """Under sudo, make it the person's who called it."""
    if os.geteuid() == 0 and (uid := os.environ.get("SUDO_UID", "")).isdigit():
        os.chown(path, int(uid), int(os.environ.get("SUDO_GID") or -1))


def how_to_see(path: Path) -> list[str]:
    """Lines that say where the picture is and, over SSH, how to fetch it."""
    lines = [f"It is in {path}"]
    if address := _server_address():
        user = os.environ.get("SUDO_USER") or getpass.getuser()
        host = f"[{address}]" if ":" in address else address
        lines += ["On your own computer, in another terminal:", f"    scp {user}@{host}:{path} ."]
    return lines


def _server_address() -> str | None:
    """Under which address this machine was reached. sudo hides it, so the processes above us are looked at, too."""
    said = os.environ.get(SSH, "")
    pid = os.getpid()
    for _ in range(GENERATIONS):
        if said or pid <= 1:
            break
        with suppress(OSError, ValueError):
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            said = next(
                (one.decode() for one in variables if one.startswith(f"{SSH}=".encode())), ""
            ).partition("=")[2]
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            break
        pid = int(
            stat.rpartition(")")[2].split()[1]
        )  # proc_pid_stat(5): the state, then the parent
    parts = said.split()
    return parts[2] if len(parts) == 4 else None  # noqa: PLR2004 - see SSH
