"""What a process of this machine is: one of ours, and whether it still runs what was installed before."""

import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

NAME = "doorbell-hub"
SLACK_S = 2.0  # both times are told in whole seconds or so
COMMANDS = {
    role: (f"hub.{module}", f"doorbell-{role}")
    for role, module in (("hub", "daemon"), ("handler", "worker"), ("web", "web"))
}


def is_of(pid: int, source: str, root: Path = Path("/")) -> bool:
    """Whether this process is the one that speaks as `source`, by its command line: numbers are given again.

    Args:
        pid: Its number.
        source: `doorbell/handler/notify`.
        root: The folder that stands for `/`.
    """
    _, role, name = source.split("/")
    words = command(pid, root)
    is_role = any(ours in word for word in words for ours in COMMANDS[role])
    return is_role and (role != "handler" or any(Path(word).stem == name for word in words))


def command(pid: int, root: Path = Path("/")) -> list[str]:
    """The words of a process's command line; none when it has ended (proc(5))."""
    try:
        return (
            (root / f"proc/{pid}/cmdline")
            .read_text(encoding="utf-8", errors="replace")
            .split("\0")[:-1]
        )
    except OSError:
        return []


def installed_unix_s() -> float | None:
    """When this doorbell was installed; None where it was not, as in a checkout."""
    try:
        package = distribution(NAME)
        folder = Path(
            str(package.locate_file(f"{NAME.replace('-', '_')}-{package.version}.dist-info"))
        )
        return folder.stat().st_mtime
    except (PackageNotFoundError, OSError):
        return None


def began_unix_s(pid: int, root: Path = Path("/")) -> float | None:
    """When a process began, by the wall clock of now; None when it cannot be known.

    proc(5): `btime` in /proc/stat, and field 22 of /proc/PID/stat, in clock ticks since the boot.
    """
    try:
        booted = re.search(r"(?m)^btime (\d+)$", (root / "proc/stat").read_text(encoding="ascii"))
        fields = (
            (root / "proc" / str(pid) / "stat")
            .read_text(encoding="ascii", errors="replace")
            .rpartition(")")[2]
        )
        return (
            int(booted[1]) + int(fields.split()[19]) / os.sysconf("SC_CLK_TCK") if booted else None
        )
    except (OSError, ValueError, IndexError):
        return None


def is_outdated(pid: int, installed_s: float | None, root: Path = Path("/")) -> bool:
    """Whether the process began before that; false where it cannot be known."""
    began_s = began_unix_s(pid, root)
    return began_s is not None and installed_s is not None and began_s + SLACK_S < installed_s
