"""A machine whose processes shared one state folder is updated: each gets one of its own.

The state before is in /root/doorbell-shared (tests/rig/stages/house);
$RIG_SHARED names another one.
"""

import json
import os

import pytest

from tests.rig.looks import (
    FILES,
    INSTALL_S,
    events,
    ring,
    until_no_dead_letters,
    until_ready,
)
from tests.rig.pi import Pi
from tests.rig.test_update import (
    REACT,
    RING_MEANWHILE,
    STUBBORN,
    UNITS,
    decided_once,
    until_all_decided,
)

HOUSE, PRIVATE = "/var/lib/doorbell", "/var/lib/private/doorbell"
CLIP = f"{HOUSE}/media/clip.mp4"
ADDRESS = "| grep -o 'http://.*/p/front[^ ]*'"
SECRETS = (
    "answers.key",
    "hub/hub-home.db",
    "web/press-links.json",
    "handlers/log/log.db",
    "handlers/record/record.db",
)
SPY = f'''"""Try to get at what is another's."""

import json
import os
from pathlib import Path

from hub import Event, HandlerConfig, handler

HOUSE, PRIVATE = Path("{HOUSE}"), Path("{PRIVATE}")
SECRETS = {SECRETS!r}


@handler("doorbell.pressed")
def spy(event: Event, config: HandlerConfig) -> str:
    seen = []
    for place in (HOUSE, PRIVATE):
        for name in SECRETS:
            path = place / name
            attempts = {{
                "list": lambda: os.listdir(path.parent) if path.parent != place else 1 / 0,
                "read": path.read_bytes,
                "write": lambda: path.write_text("x"),
                "make": lambda: (path.parent / "x").write_text("x"),
                "link": lambda: os.link(path, config.state_dir / "x"),
            }}
            for what, attempt in attempts.items():
                try:
                    attempt()
                    seen.append(f"{{what}} {{path}}")
                except (OSError, ZeroDivisionError):
                    pass
    for other in filter(str.isdigit, os.listdir("/proc")):
        if int(other) != os.getpid():
            seen.append(f"process {{other}}")
    secrets = [str(path) for path in Path("/run/credentials").rglob("*") if path.is_file()]
    try:
        Path("{CLIP}").unlink()
        seen.append("removed a clip")
    except OSError:
        pass
    own = config.state_dir / "note"
    own.write_text("mine")
    told = {{"seen": seen, "secrets": secrets, "own": own.read_text()}}
    print("SPY", json.dumps(told), flush=True)
    return "spied"
'''


def _as_page(pi: Pi, command: str) -> int:
    """The exit code of a shell command as the page's process sees the machine."""
    pid = pi.run("systemctl show -p MainPID --value doorbell-web")
    ids = pi.run(f"awk '/^[UG]id/ {{print $2}}' /proc/{pid}/status").split()
    who = f"setpriv --reuid {ids[0]} --regid {ids[1]} --clear-groups"
    return pi.ask(f"nsenter -t {pid} -m {who} sh -c '{command}'")[0]


def test_the_state_before_is_installed_and_rings(pi: Pi):
    """It has dead letters, a press link, a clip, and a folder that a handler of its own made."""
    if pi.ask("test -d /root/doorbell-shared")[0] != 0 and not os.environ.get("CI"):
        pytest.skip("no earlier state: git fetch --unshallow, then tests/rig/build again")
    pi.run("cd /root/doorbell-shared && ./install.sh", timeout_s=INSTALL_S)
    pi.write("/etc/doorbell/handlers/stubborn.py", STUBBORN)
    settings = (FILES / "update.toml").read_text(encoding="utf-8")
    pi.write("/etc/doorbell/doorbell.toml", f'{settings}\n[web]\nurl = "http://10.0.2.15:8080"\n')
    until_ready(pi, (*UNITS, "doorbell-web"))
    ring(pi)
    assert until_all_decided(pi, REACT) == 1
    pi.run("sudo -u doorbell doorbell link --press front", timeout_s=120)
    pi.run(
        f"sudo -u doorbell mkdir -p {HOUSE}/media {HOUSE}/stubborn; sudo -u doorbell touch {CLIP}"
    )
    pi.run(f"ls {HOUSE}/hub-home.db {HOUSE}/press-links.json")


@pytest.fixture
def updated(pi: Pi) -> Pi:
    """The machine, where the state before could be installed."""
    if pi.ask("test -e /etc/doorbell/handlers/stubborn.py")[0] != 0:
        pytest.skip("the state before is not installed")
    return pi


def test_the_power_is_cut_while_the_state_moves(updated: Pi, say):
    """No process starts without its state: what is not moved yet waits for the next install."""
    updated.run("systemctl stop doorbell-handler@visit")
    ring(updated)
    known = {event["id"] for event in events(updated, "doorbell.pressed")}
    updated.write("/root/known", json.dumps(sorted(known)))
    updated.write("/root/link", updated.run(f"sudo -u doorbell doorbell link {ADDRESS}"))
    updated.run("nohup sh -c 'cd /root/doorbell && ./install.sh' > /root/said 2>&1 &")
    updated.until(
        lambda: updated.ask(f"test -d {HOUSE}/handlers")[0] == 0, "the state moves", INSTALL_S
    )
    updated.cut_power()
    updated.boot()
    moved = updated.run(f"find {HOUSE}/ {PRIVATE}/ -name '*.db' | sort || true").split()
    say(f"cut from the power; then the state files are {' '.join(moved)}")
    fresh = updated.run("journalctl -b -o cat -u 'doorbell*' | grep -c 'not yet in' || true")
    say(f"{fresh} times a process said that its state is not in its place yet")


def test_the_next_install_finishes_it(updated: Pi, say):
    """Presses, dead letters, the press link and the clip are there; the bell rings meanwhile."""
    updated.run(RING_MEANWHILE)
    said = updated.run("cd /root/doorbell && ./install.sh", timeout_s=INSTALL_S)
    updated.run("touch /root/updated")
    for line in said.splitlines():
        say(line)
    until_ready(updated, (*UNITS, "doorbell-web"))
    known = set(json.loads(updated.read("/root/known")))
    assert known <= {event["id"] for event in events(updated, "doorbell.pressed")}
    letters = updated.run("doorbell dead-letters list --handler stubborn", timeout_s=120)
    assert len(letters.splitlines()) >= len(known)
    link = updated.run(f"doorbell link --list {ADDRESS}", timeout_s=120)
    assert link.encode() == updated.read("/root/link")
    assert updated.run(f"stat -c '%U %a' {HOUSE} {HOUSE}/media {CLIP}").split()[::2] == [
        "root",
        "doorbell",
        "doorbell",
    ]
    assert updated.run(f"ls {HOUSE}/*.db 2> /dev/null || true") == ""


def test_no_press_was_lost_or_acted_on_twice(updated: Pi, say):
    """Those before the cut, and after it: each handler decided once on each of them."""
    ring(updated)
    number = until_all_decided(updated, REACT)
    decided_once(updated)
    say(f"{number} presses over a cut update: each handler decided once on each of them")


def test_commands_leave_nothing_of_root_there(updated: Pi):
    """History and dead letters are read and written as the owner of each folder."""
    updated.run(f"touch {HOUSE}/mended; systemctl stop doorbell-handler@stubborn")
    updated.run("doorbell dead-letters retry --all", timeout_s=120)
    updated.run("doorbell trace last", timeout_s=120)
    found = updated.run(f"find {PRIVATE}/handlers/*/ {HOUSE}/handlers/*/ -uid 0 || true")
    assert found == ""
    updated.run("systemctl start doorbell-handler@stubborn")
    until_no_dead_letters(updated)


def test_a_handler_sees_its_own_state_only(updated: Pi):
    """A file of the user's own lists, reads and writes nothing of another process or the house."""
    updated.write("/etc/doorbell/handlers/spy.py", SPY)
    until_ready(updated, ("doorbell-handler@spy",))
    ring(updated)
    lines = updated.until(
        lambda: updated.run("journalctl -u doorbell-handler@spy -o cat | grep ^SPY || true"),
        "it has spied",
    )
    told = json.loads(lines.splitlines()[0].removeprefix("SPY "))
    assert told["seen"] == []
    assert [path.rpartition("/")[2] for path in told["secrets"]] == ["handler-spy"]
    assert told["own"] == "mine"
    assert updated.run(f"ls {CLIP}") == CLIP


def test_the_page_reads_clips_and_cannot_write_them(updated: Pi):
    """It sees pictures and clips read-only, its own state, and no other's."""
    assert _as_page(updated, f"test -r {CLIP} && cat {CLIP}") == 0
    assert _as_page(updated, f"rm {CLIP}") != 0
    assert _as_page(updated, f"touch {HOUSE}/media/x") != 0
    assert _as_page(updated, f"ls {HOUSE}/hub/ {PRIVATE}/hub/ {HOUSE}/handlers/log/") != 0
    assert _as_page(updated, f"cat {HOUSE}/answers.key") != 0
    assert _as_page(updated, f"touch {HOUSE}/web/x && rm {HOUSE}/web/x") == 0


def test_uninstalling_leaves_it_as_the_state_before_had_it(updated: Pi):
    """So the earlier version goes on with all of it."""
    known = {event["id"] for event in events(updated, "doorbell.pressed")}
    updated.run("doorbell uninstall", timeout_s=180)
    updated.run("cd /root/doorbell-shared && ./install.sh", timeout_s=INSTALL_S)
    until_ready(updated, UNITS)
    assert known <= {event["id"] for event in events(updated, "doorbell.pressed")}
    ring(updated)
    until_all_decided(updated, REACT)
    decided_once(updated, retried="stubborn")
