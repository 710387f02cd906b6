"""A small run of `make fleet`, which fails where anything is lost, doubled or turned round."""

import os
import subprocess
import sys

import pytest

from fleet.load.table import BEGIN, END, HEAD, Line, write
from fleet.tests.readers import PATH
from tests.house import ROOT

DOCUMENT = f"before\n{BEGIN}old\n{END}after\n"


@pytest.mark.usefixtures("mosquitto", "kafka", "postgres")  # or it is skipped; in CI it fails
def test_a_thousand_doors_go_the_whole_way_whatever_is_killed(tmp_path):
    """All ring once; then some, with and without kills. The text around the table stays."""
    document = tmp_path / "README.md"
    document.write_text(DOCUMENT)
    options = ["--houses", "4", "--doors", "1000", "--presses", "600", "--rate", "30"]
    done = subprocess.run(
        [sys.executable, "-m", "fleet.load", *options, "--write", str(document)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    lines = document.read_text().splitlines()
    table = [[cell.strip() for cell in line.split("|")] for line in lines[4:-2]]
    assert [row[1:5] for row in table] == [
        ["4", "250", "1,000", "all at once"],
        ["4", "250", "600", "30"],
        ["4", "250", "600", "30"],
    ]
    assert [row[6:10] for row in table] == [
        ["", "0", "0", "0"],
        ["", "0", "0", "0"],
        ["each kind", "0", "0", "0"],
    ]
    assert (lines[0], lines[-1]) == ("before", "after")


def line(**facts):
    """A line of the table."""
    known = {"houses": 1, "doors": 9, "presses": 9, "rate": None, "through_s": 9.0, "killed": ""}
    known |= {"lost": 0, "doubled": 0, "inversions": 0, "p50_ms": 9.0, "p99_ms": 9.0}
    known |= {"a_member_core": 9.0, "a_relay_core": 9.0, "rows": 3.0, "size": 900.0}
    return Line(**known | facts)


@pytest.mark.parametrize("fault", ["lost", "doubled", "inversions"])
def test_one_fault_fails_the_run(fault):
    """One press is enough."""
    assert line().is_clean
    assert not line(**{fault: 1}).is_clean


def test_a_document_without_a_place_for_the_table_stays_as_it_is(tmp_path):
    """It is written in one step, or not at all."""
    document = tmp_path / "README.md"
    document.write_text("mine\n")
    with pytest.raises(ValueError, match="has no <!-- the table of the load -->"):
        write(document, [line()])
    assert document.read_text() == "mine\n"
    document.write_text(DOCUMENT)
    write(document, [line(), line()])
    assert document.read_text() == f"before\n{BEGIN}{HEAD}{line()}{line()}{END}after\n"
    assert list(tmp_path.iterdir()) == [document]
