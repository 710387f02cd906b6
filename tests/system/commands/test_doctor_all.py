"""`doorbell doctor` as it is typed, in a house that runs and in one that does not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.admin.doctor.checks import CHECKS
from hub.admin.doctor.command import MARKS
from tests.house import ROOT, House
from tests.servers.brokers import BrokerProcess
from tests.system.commands.test_commands import doorbell

NAMES = [check.name for check in CHECKS]
OFF = ("notify", "record", "light", "bark", "log", "visit")
MAYBE = {"clock"}  # that of this machine, which perhaps nobody has set


@pytest.fixture
def well(mosquitto: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A house with one handler of its own, which runs."""
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = "".join(f"[handlers.{name}]\nenabled = false\n" for name in OFF)
        house.write_handler("mine", "done(event)")
        path = house.handlers_dir / "mine.py"
        path.write_text(f"print('loaded')\n{path.read_text()}")
        house.start("hub", "mine")
        yield house


def test_a_house_that_is_well(well: House):
    """All checks, in order; nothing is a problem; and nothing is said to the broker."""
    done = doorbell(well.folder, "doctor", "--json", "--config", str(well.config))
    assert done.stderr == "loaded\n" * done.stderr.count(
        "loaded\n"
    )  # what a file prints as it is loaded is no JSON
    findings = json.loads(done.stdout)["findings"]
    assert list(dict.fromkeys(one["check"] for one in findings)) == NAMES
    problems = [one["check"] for one in findings if one["state"] == "problem"]
    assert set(problems) <= MAYBE
    assert done.returncode == len(problems)
    assert all(one["mend"] for one in findings if one["state"] == "warning")
    assert all(not one["mend"] for one in findings if one["state"] in ("ok", "skipped"))
    assert any(one["found"].startswith("mine: ready (status of") for one in findings)
    assert [topic for topic, _, _ in well.ears.heard if topic.startswith("doorbell/cli/")] == []


def test_a_broker_that_is_gone(well: House):
    """The problem, how to mend it, and the exit code; the other checks run all the same."""
    well.broker.stop()
    done = doorbell(well.folder, "doctor", "--config", str(well.config))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if re.fullmatch("[a-z ]+", line)] == NAMES
    at = lines.index(f"  ✗ no broker at 127.0.0.1:{well.port}: Connection refused")
    assert lines[at + 1].startswith("    → `systemctl status mosquitto`")
    assert "  ✓ mine.db: intact" in done.stdout
    problems = [line for line in lines if line.startswith("  ✗ ")]
    assert [line for line in problems if "written later" not in line] == [lines[at]]
    assert lines[-1].startswith(f"✗ {len(problems)} problem")
    well.broker.start()


def test_without_settings_that_can_be_read(tmp_path: Path):
    """It is told, and does not end with a stack."""
    (tmp_path / "doorbell.toml").write_text("[broker\n")
    done = doorbell(tmp_path, "doctor")
    assert done.returncode == 1
    assert done.stdout.startswith("settings\n  ✗ doorbell.toml: line 1: ")
    assert "Traceback" not in done.stdout + done.stderr


def test_what_the_document_shows_is_what_is_said():
    """Each check has its row; the sample output has the marks and headings of a real one."""
    text = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z ]+)` \|", text, re.MULTILINE) == NAMES
    (shown,) = re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert set(json.loads(shown)["findings"][0]) == {"check", "state", "found", "mend"}
    (output,) = re.findall(r"^```text\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    *lines, _, end = output.splitlines()
    assert [line for line in lines if re.fullmatch("[a-z ]+", line)] == NAMES
    marks = "".join(MARKS.values())
    assert all(re.match(rf"[a-z ]+$|  [{marks}] |    → |$", line) for line in lines)
    problems, warnings = (sum(line.startswith(f"  {mark} ") for line in lines) for mark in "✗!")
    assert (
        end
        == f"✗ {problems} problem{'s' * (problems != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    )
