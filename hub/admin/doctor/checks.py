"""Makes all checks, one after the other: one that fails or hangs does not hide the others."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from devices.machine import Finding, skipped
from hub.admin.doctor import home_assistant, house, page, processes
from hub.admin.doctor.context import Context
from hub.admin.doctor.files.journals import journals
from hub.admin.doctor.files.permissions import permissions
from hub.admin.doctor.hardware import devices, machine
from hub.admin.doctor.hardware.gpio import gpio
from hub.admin.doctor.kept_presses import kept_presses
from hub.admin.doctor.versions import versions

PATIENCE_S = 30.0
LOADING_S = 300.0  # of what loads the handler files: each of them has a limit of its own
Named = tuple[str, Finding]


class Check(NamedTuple):
    """One check.

    Attributes:
        name: What it looks at.
        look: Yields its findings.
        needs_settings: Whether it needs settings that can be read.
        patience_s: How long it may take, in seconds.
    """

    name: str
    look: Callable[[Context], Iterable[Finding]]
    needs_settings: bool = True
    patience_s: float = PATIENCE_S


CHECKS = (
    Check("settings", house.settings, needs_settings=False, patience_s=LOADING_S),
    Check("broker", house.broker),
    Check("buttons", kept_presses),
    Check("processes", processes.processes, patience_s=LOADING_S),
    Check("page", page.page),
    Check("home assistant", home_assistant.home_assistant),
    Check("journals", journals),
    Check("gpio", gpio),
    Check("camera", devices.camera),
    Check("sound", devices.sound),
    Check("clock", machine.clock),
    Check("disk", machine.disk),
    Check("machine", machine.machine, needs_settings=False),
    Check("permissions", permissions),
    Check("versions", versions, needs_settings=False),
)


def examine(context: Context, checks: Sequence[Check] = CHECKS) -> Iterator[Named]:
    """Yield the findings of each check as soon as it is done, with the check's name.

    Args:
        context: What is looked at.
        checks: The checks, in order.
    """
    for check in checks:
        if check.needs_settings and context.given is None:
            yield check.name, skipped("the settings cannot be read")
            continue
        for finding in _within(check, context):
            yield check.name, finding


def _within(check: Check, context: Context) -> list[Finding]:
    """Check in a thread of its own: one that hangs is left behind, and its findings count."""
    found: list[Finding] = []

    def look() -> None:
        try:
            for finding in check.look(context):
                found.append(finding)  # noqa: PERF402 - what was found before it hung counts
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the other checks go on
            words = f"this check failed: {type(error).__name__}: {error}"
            mend = "please report this with the version of doorbell"
            found.append(Finding("problem", words, mend))

    thread = threading.Thread(target=look, name=f"doctor-{check.name}", daemon=True)
    thread.start()
    thread.join(check.patience_s)
    if thread.is_alive():
        words = f"no answer within {check.patience_s:g} s"
        mend = "the network, a disk or a driver hangs (`dmesg` may say which)"
        return [*found, Finding("problem", words, mend)]
    return found
