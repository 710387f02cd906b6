"""A small run of `make fleet`, which fails where anything is lost, doubled or turned round."""

import os
import subprocess
import sys

from fleet.tests.readers import PATH
from tests.house import ROOT


def test_a_small_run_writes_its_table(tmp_path):
    """With and without a kill; the text around the table stays."""
    document = tmp_path / "README.md"
    document.write_text(
        "before\n<!-- the table of groups -->\nold\n<!-- its end -->\nbetween\n"
        "<!-- the table of the relay -->\n<!-- its end -->\nafter\n"
    )
    options = [
        "--doors",
        "100",
        "--presses",
        "600",
        "--rate",
        "60",
        "--relay-presses",
        "300",
        "--write",
        str(document),
    ]
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
    assert [text.startswith("before\n"), "between" in text, "old" in text] == [True, True, False]
    assert text.endswith("after\n")
    assert text.count("\n| 100 |") == 4
    assert "| relay, Kafka | 0 | 0 |" in text
    assert "| members | 0 | 0 | 0 |" in text
