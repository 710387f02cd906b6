"""A machine that runs an earlier state is updated: nothing is lost, and nothing is done twice.

The earlier state is in /root/doorbell-before (tests/rig/stages/house); $RIG_FROM names another one.
"""

import os
import re
from collections import Counter

import pytest

from tests.rig.looks import (
    FILES,
    INSTALL_S,
    MAKE_WHEEL,
    events,
    ring,
    status,
    until_no_dead_letters,
    until_ready,
)
from tests.rig.pi import Pi

REACT = ("bark", "log", "notify", "record", "stubborn", "visit")
UNITS = ("doorbell-hub", *(f"doorbell-handler@{name}" for name in REACT))
FINAL = ("handler.done", "handler.skipped", "handler.dead")
PASSWORDS = "cd /etc/doorbell/broker/passwords && head -v cli hub-home handler-stubborn"
LINE = 1000
STUBBORN = '''"""Give up until a file says otherwise."""

from pathlib import Path

from hub import Drop, Event, HandlerConfig, handler


@handler("doorbell.pressed")
def stubborn(event: Event, config: HandlerConfig) -> None:
    if not Path("/var/lib/doorbell/mended").exists():
        raise Drop("not mended yet")
'''
RING_MEANWHILE = """nohup sh -c '
line=/run/rig/gpio/sim_gpio17/pull
while [ ! -e /root/updated ]; do
  echo pull-down > $line; sleep 0.15; echo pull-up > $line; sleep 12
done' > /dev/null 2>&1 &"""


def _decisions(pi: Pi) -> dict[str, Counter[str]]:
    """For each press, how often each handler has come to an end with it."""
    found: dict[str, Counter[str]] = {}
    for kind in FINAL:
        for event in events(pi, kind):
            name = event["source"].rpartition("/")[2]
            if event["data"].get("type") == "doorbell.pressed":
                found.setdefault(event["causationid"], Counter())[name] += 1
    return found


def until_all_decided(pi: Pi, react: tuple[str, ...] = REACT) -> int:
    """Wait until each handler has decided on each press; returns how many presses there are."""
    presses: list[str] = []
    found: dict[str, Counter[str]] = {}

    def all_have() -> bool:
        presses[:] = [event["id"] for event in events(pi, "doorbell.pressed")]
        found.clear()
        found.update(_decisions(pi))
        return all(set(found.get(press, ())) >= set(react) for press in presses)

    pi.until(all_have, lambda: f"each decides on each of {presses}: {found}", 300)
    return len(presses)


def decided_once(pi: Pi, retried: str = "") -> None:
    """No handler came to an end with a press twice, but for one whose dead letters were retried."""
    for press, counts in _decisions(pi).items():
        del counts[retried]
        assert max(counts.values()) == 1, f"{press}: {counts}"


def test_the_earlier_state_is_installed_and_rings(pi: Pi):
    """It has a handler of the user's own, which gives up on each press."""
    if pi.ask("test -d /root/doorbell-before")[0] != 0 and not os.environ.get("CI"):
        pytest.skip("no earlier state: git fetch --unshallow, then tests/rig/build again")
    pi.run("cd /root/doorbell-before && ./install.sh", timeout_s=INSTALL_S)
    pi.write("/etc/doorbell/handlers/stubborn.py", STUBBORN)
    pi.write("/etc/doorbell/doorbell.toml", (FILES / "update.toml").read_text(encoding="utf-8"))
    until_ready(pi, UNITS)
    ring(pi)
    assert until_all_decided(pi) == 1


@pytest.fixture
def updated(pi: Pi) -> Pi:
    """The machine, where the earlier state could be installed."""
    if pi.ask("test -e /etc/doorbell/handlers/stubborn.py")[0] != 0:
        pytest.skip("the earlier state is not installed")
    return pi


def test_the_update_keeps_everything(updated: Pi, say):
    """Settings, passwords, journals, packages of the user's own; each process restarts once.

    One handler is away before the update and has a press to catch up with; the bell rings while
    the update runs.
    """
    updated.run("systemctl stop doorbell-handler@visit")
    ring(updated)
    settings = updated.read("/etc/doorbell/doorbell.toml")
    passwords = updated.run(PASSWORDS)
    known = {event["id"] for event in events(updated, "doorbell.pressed")}
    updated.run(MAKE_WHEEL)
    updated.run("/opt/doorbell/bin/python -m pip install -q --no-deps rig-extra", timeout_s=120)
    old = updated.run("readlink -f /opt/doorbell")
    updated.run("date +%s.%N > /root/began")
    updated.run(RING_MEANWHILE)
    said = updated.run("cd /root/doorbell && sudo ./install.sh", timeout_s=INSTALL_S)
    updated.run("touch /root/updated")
    for line in said.splitlines():
        say(line)
    assert "doorbell.toml (kept)" in said
    assert updated.run(PASSWORDS) == passwords
    assert max(map(len, said.splitlines())) < LINE, "nobody reads a line that long"
    until_ready(updated, UNITS)
    assert old not in updated.run("ls -d /opt/doorbell*").split()
    assert len(updated.run("ls -d /opt/doorbell*").split()) == 2
    assert (
        updated.run("/opt/doorbell/bin/python -c 'import rig_extra; print(rig_extra.HERE)'")
        == "yes"
    )
    assert updated.read("/etc/doorbell/doorbell.toml") == settings
    assert known <= {event["id"] for event in events(updated, "doorbell.pressed")}
    for unit in UNITS:
        log = updated.run(f"journalctl -u {unit} --since @$(cat /root/began) -o cat")
        assert len(re.findall(r"^Started ", log, re.MULTILINE)) == 1, log


def test_no_press_was_lost_or_acted_on_twice(updated: Pi, say):
    """Those before, during and after the update: each handler decided once on each of them."""
    ring(updated)
    number = until_all_decided(updated)
    decided_once(updated)
    say(f"{number} presses over an update: each handler decided once on each of them")


def test_what_the_earlier_state_gave_up_is_retried(updated: Pi):
    """Its dead letters are those of the new program."""
    letters = updated.run("doorbell dead-letters list", timeout_s=120).splitlines()
    assert letters
    assert all("not mended yet" in line for line in letters), letters
    updated.run("touch /var/lib/doorbell/mended")
    updated.run("doorbell dead-letters retry --all", timeout_s=120)
    until_no_dead_letters(updated)


def test_the_units_and_rights_are_those_of_the_new_program(updated: Pi):
    """No unit failed, and the broker still refuses whoever has no password."""
    assert updated.run("systemctl list-units --failed --no-legend 'doorbell*'") == ""
    assert all(status(updated, unit)["ActiveState"] == "active" for unit in UNITS)
    assert updated.run("systemctl show doorbell-hub -p NeedDaemonReload --value") == "no"
    code, refused = updated.ask("mosquitto_pub -t anything -m '{}'")
    assert code != 0
    assert b"not authorised" in refused.lower(), refused
