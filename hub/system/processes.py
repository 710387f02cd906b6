"""Processes of this machine: whether one is ours, and whether it predates the installed program."""

import importlib.metadata
import os
import time
from pathlib import Path

NAME = "doorbell-hub"
SLACK_S = 2.0  # both times are known to about a second
# What a command line holds: the module under `doorbell run`, the console script under systemd.
COMMANDS = {
    "hub": ("hub.daemon", "doorbell-hub"),
    "handler": ("hub.worker", "doorbell-handler"),
    "web": ("hub.web", "doorbell-web"),
}


def belongs_to(pid: int, source: str, root: Path = Path("/")) -> bool:
    """Whether a process is the one that publishes as `source`, by its command line.

    A process ID alone says nothing: they are reused.

    Args:
        pid: The process ID.
        source: `doorbell/handler/notify`.
        root: The folder that stands for `/`.
    """
    _, role, name = source.split("/")
    words = command(pid, root)
    has_role = any(part in word for word in words for part in COMMANDS[role])
    return has_role and (role != "handler" or any(Path(word).stem == name for word in words))


def command(pid: int, root: Path = Path("/")) -> list[str]:
    """The words of a process's command line; none when it has ended (proc(5))."""
    file = root / f"proc/{pid}/cmdline"
    try:
        return file.read_text(encoding="utf-8", errors="replace").split("\0")[:-1]
    except OSError:
        return []


def installed_unix_s() -> float | None:
    """When this program was installed; None where it was not, as in a checkout."""
    try:
        package = importlib.metadata.distribution(NAME)
        info = f"{NAME.replace('-', '_')}-{package.version}.dist-info"
        return Path(str(package.locate_file(info))).stat().st_mtime
    except (importlib.metadata.PackageNotFoundError, OSError):
        return None


def began_unix_s(pid: int, root: Path = Path("/")) -> float | None:
    """When a process began, by the present wall clock; None when it cannot be known.

    proc(5): field 22 of /proc/PID/stat, in clock ticks since the boot.
    """
    try:
        process = (root / f"proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        fields = process.rpartition(")")[2].split()  # from field 3 on
        up_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.time() - up_s + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def is_outdated(pid: int, installed_s: float | None, root: Path = Path("/")) -> bool:
    """Whether a process began before the program was installed; false where it cannot be known."""
    began_s = began_unix_s(pid, root)
    if began_s is None or installed_s is None:
        return False
    return began_s + SLACK_S < installed_s
