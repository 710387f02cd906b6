"""mosquitto's files are brought up to date within the sandbox of `doorbell handlers sync`."""

import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.system.files import atomic_file
from tests.house import ROOT

SERVICE = ROOT / "systemd" / "doorbell-handlers.service"
OWNER = "daemon"  # it stands for the user mosquitto, and is on every Debian
SCRIPT = """
from pathlib import Path
from hub.admin.install import mosquitto
mosquitto.OWNER = {owner!r}
print(*mosquitto.hand_over(Path({source!r}), Path({target!r})), sep="\\n")
"""


def _in_the_sandbox(script: str) -> str:
    """Run it as root with what the unit leaves of root's capabilities."""
    (line,) = re.findall(r"^CapabilityBoundingSet=(.*)$", SERVICE.read_text(), re.MULTILINE)
    kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in line.split())
    capabilities = [f"--bounding-set=-all,{kept}", f"--inh-caps=-all,{kept}"]
    command = ["setpriv", *capabilities, sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands files over")
def test_the_sandbox_reads_what_is_mosquittos_own(tmp_path: Path):
    """A user whom a person has added stays, and a right that is gone is named and kept."""
    source, target = tmp_path / "broker" / "mosquitto", tmp_path / "etc"
    source.mkdir(parents=True)
    target.mkdir()
    (source / "passwd").write_text("hub-home:$7$new\n")
    (source / "acl").write_text("user hub-home\ntopic read a\n")
    atomic_file.write(target / "passwd", b"zigbee2mqtt:$7$theirs\nhub-home:$7$old\n", 0o600, OWNER)
    atomic_file.write(target / "acl", b"user hub-home\ntopic read b\n", 0o600, OWNER)
    told = _in_the_sandbox(SCRIPT.format(owner=OWNER, source=str(source), target=str(target)))
    assert "no longer grants hub-home: topic read b" in told
    assert (target / "passwd").read_text() == "zigbee2mqtt:$7$theirs\nhub-home:$7$new\n"
    assert (target / "acl").read_text() == "user hub-home\ntopic read a\n"
    for name in ("passwd", "acl", "acl.before"):
        facts = (target / name).stat()
        assert pwd.getpwuid(facts.st_uid).pw_name == OWNER
        assert facts.st_mode & 0o777 == 0o600
