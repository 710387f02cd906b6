"""What the rig's tests ask a machine: systemd, journald and `doorbell` answer."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from tests.rig.pi import Pi

FILES = Path(__file__).parent / "files"
REACT = ("bark", "light", "log", "notify", "record", "visit")
RUNNING = ("doorbell-hub", *(f"doorbell-handler@{name}" for name in REACT))
PATIENCE_S = 300.0  # to be ready: the emulation is ten to thirty times slower than a Pi
INSTALL_S = 600.0
MAKE_WHEEL = """python3 - <<'END'
import zipfile
with zipfile.ZipFile("/wheels/rig_extra-1.0-py3-none-any.whl", "w") as wheel:
    info = "rig_extra-1.0.dist-info/"
    wheel.writestr("rig_extra.py", "HERE = 'yes'")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: rig-extra\\nVersion: 1.0\\n")
    tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: rig\\n" + tags)
    wheel.writestr(info + "RECORD", "")
END"""  # a package that a user installed for a handler of their own


def status(pi: Pi, unit: str) -> dict[str, str]:
    said = pi.run(
        f"systemctl show {unit} -p ActiveState,SubState,StatusText,NRestarts,MainPID,Result"
    )
    return dict(line.split("=", 1) for line in said.splitlines())


def until_ready(pi: Pi, units: tuple[str, ...] = RUNNING) -> None:
    def ready() -> bool:
        said = pi.run("systemctl show -p StatusText --value " + " ".join(units))
        return [line for line in said.splitlines() if line] == ["ready"] * len(units)

    pi.until(ready, f"ready: {', '.join(units)}", PATIENCE_S)


def events(pi: Pi, type_: str) -> list[dict[str, Any]]:
    """The journaled events of a type."""
    said = pi.run(f"doorbell events --json --limit 1000 --type {type_}", timeout_s=120)
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def trace(pi: Pi, event: str) -> str:
    return pi.run(f"doorbell trace {event}", timeout_s=120)


def ring(pi: Pi) -> tuple[float, str]:
    """Press; returns when the line went down, and the event's id, which the hub logs."""
    known = _pressed(pi)
    at = pi.press()
    (event, *_) = pi.until(
        lambda: [id_ for id_ in _pressed(pi) if id_ not in known], "the hub logs the press"
    )
    return at, event


def _pressed(pi: Pi) -> list[str]:
    """The ids of the presses that the hub has logged."""
    logged = pi.run("journalctl -u doorbell-hub -o cat")
    return re.findall(r" pressed \(([0-9a-f-]{36})\)", logged)


def outcomes(pi: Pi, event: str, marks: str = "✓") -> Counter[str]:
    """How often each handler has done its part in an event."""
    return Counter(re.findall(rf"^[├└]── [{marks}] (\S+)", trace(pi, event), re.MULTILINE))


def until_no_dead_letters(pi: Pi) -> None:
    def none() -> bool:
        said = pi.ask("doorbell dead-letters list", timeout_s=120)[1]
        return said.strip() == b"no dead letters"

    pi.until(none, "no dead letters", 180)


def until_all_did(pi: Pi, event: str) -> None:
    wanted = Counter(REACT)
    pi.until(
        lambda: outcomes(pi, event) == wanted,
        lambda: f"each does its part once in {trace(pi, event)}",
        180,
    )


def until_all_decided(pi: Pi, event: str) -> str:
    """The same where a handler was away: a bark skips late visitors, and none does it twice."""
    wanted = Counter(REACT)
    pi.until(
        lambda: outcomes(pi, event, "✓·") == wanted,
        lambda: f"each decides once on {trace(pi, event)}",
        180,
    )
    did = outcomes(pi, event)
    assert {"notify", "log", "visit"} <= set(did), trace(pi, event)
    late = ", ".join(sorted(set(REACT) - set(did))) or "none"
    return f"{', '.join(sorted(did))} did it; skipped as too late: {late}"
