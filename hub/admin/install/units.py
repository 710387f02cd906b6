"""The state of our units, as systemd sees it."""

from pathlib import Path

from hub.admin.install import drop_ins
from hub.admin.install.orders import OrderError, systemctl

BOOTED = Path("/run/systemd/system")  # sd_booted(3)
PREFIX, SUFFIX = "doorbell-handler@", ".service"


def is_booted(root: Path = Path("/")) -> bool:
    """Whether systemd is running on this machine; `root` is the folder that stands for `/`."""
    return (root / BOOTED.relative_to("/")).is_dir()


def states(*units: str) -> dict[str, tuple[str, str]]:
    """The states of these units (names or patterns).

    Returns:
        By name: `active`, `failed`, …, and the process's own status text or, where it has none,
        systemd's. Empty where there is no systemd.
    """
    fields = ("Id", "ActiveState", "SubState", "StatusText")
    try:
        output = systemctl("show", f"--property={','.join(fields)}", "--all", *units)
    except OrderError:
        return {}
    found = {}
    for block in output.strip().split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in unit:
            words = unit.get("StatusText") or unit.get("SubState", "")
            found[unit["Id"]] = (unit.get("ActiveState", "unknown"), words)
    return found


def handlers() -> dict[str, str]:
    """The state of each handler, by its name: `active (ready)`."""
    found = states(drop_ins.UNIT.format("*"))
    return {
        unit.removeprefix(PREFIX).removesuffix(SUFFIX): f"{active} ({words})"
        for unit, (active, words) in found.items()
    }
