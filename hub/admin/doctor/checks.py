"""Looks at everything, one thing after the other: what fails, or hangs, hides nothing else."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from devices.machine.finding import Finding, skipped
from hub.admin.doctor import devices, house, machine, processes
from hub.admin.doctor.context import Context

PATIENCE_S = 30.0  # the longest of them loads all handler files, each within 10 s
Told = tuple[str, Finding]


class Check(NamedTuple):
    """One look.

    Attributes:
        name: What it is of.
        look: Gives what it finds, one by one.
        needs_settings: Whether it can be had without any.
    """

    name: str
    look: Callable[[Context], Iterable[Finding]]
    needs_settings: bool = True


CHECKS = (
    Check("settings", house.settings, needs_settings=False),
    Check("broker", house.broker),
    Check("processes", processes.processes),
    Check("journals", house.journals),
    Check("gpio", devices.gpio),
    Check("camera", devices.camera),
    Check("sound", devices.sound),
    Check("clock", machine.clock),
    Check("disk", machine.disk),
    Check("machine", machine.machine, needs_settings=False),
    Check("permissions", machine.permissions),
    Check("versions", machine.versions, needs_settings=False),
)


def examine(
    context: Context, checks: Sequence[Check] = CHECKS, patience_s: float = PATIENCE_S
) -> Iterator[Told]:
    """What each check finds, as soon as it is through.

    Args:
        context: What is looked at.
        checks: The looks, in order.
        patience_s: How long each may take.
    """
    for check in checks:
        if check.needs_settings and context.given is None:
            yield check.name, skipped("the settings cannot be read")
            continue
        for finding in _within(check, context, patience_s):
            yield check.name, finding


def _within(check: Check, context: Context, patience_s: float) -> list[Finding]:
    """In a thread of its own: one that hangs is left behind with what it has found."""
    found: list[Finding] = []

    def look() -> None:
        try:
            for finding in check.look(context):
                found.append(finding)  # noqa: PERF402 - what was found before it hung counts
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the other looks go on
            words = f"the look at it failed: {type(error).__name__}: {error}"
            found.append(
                Finding("problem", words, "please report this with the version of doorbell")
            )

    thread = threading.Thread(target=look, name=f"doctor-{check.name}", daemon=True)
    thread.start()
    thread.join(patience_s)
    if thread.is_alive():
        words = f"no answer within {patience_s:g} s"
        mend = "something it asks hangs: the network, a disk or a driver (`dmesg` may say which)"
        return [*found, Finding("problem", words, mend)]
    return found
