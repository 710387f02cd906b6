"""A small run of `make fleet`, which fails where anything is lost, doubled or turned round."""

import os
import subprocess
import sys

from fleet.load.__main__ import BEGIN, END
from fleet.tests.readers import PATH
from tests.house import ROOT


def test_a_small_run_writes_its_table(tmp_path):
    """With and without a kill; the text around the table stays."""
    document = tmp_path / "README.md"
    document.write_text(f"before\n{BEGIN}old\n{END}after\n")
    options = ["--doors", "100", "--presses", "600", "--rate", "60", "--write", str(document)]
    done = subprocess.run(
        [sys.executable, "-m", "fleet.load", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert text.count("| 100 |") == 2
    assert "| members | 0 | 0 | 0 |" in text
