"""Runs programs on a machine that has one more sound card, which ALSA's plugins make up."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.house import ROOT

SYSTEMS = Path("/usr/share/alsa/alsa.conf")


def configure(path: Path, card: str) -> Path:
    """Write the system's configuration with this card; returns where."""
    path.write_text(SYSTEMS.read_text(encoding="utf-8") + card, encoding="utf-8")
    return path


def run(configuration: Path, program: str, *arguments: object, timeout_s: float = 60) -> Any:
    """What the text of a program prints there, as JSON; it must end well."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        env={"ALSA_CONFIG_PATH": str(configuration), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
