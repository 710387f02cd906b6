"""CI's second try: what fails in `make test` is run once more, but nothing else is passed over."""

import shutil
import subprocess

import pytest

from tests.house import ROOT

FAILED = "=================== 1 failed, 37 passed in 18.43s ==================="


@pytest.fixture
def steady(tmp_path):
    """Gives the status of .ci/steady where pytest says this, and the second try passes."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/steady", tmp_path / ".ci")
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    cache = ".pytest_cache/v/cache"

    def run(*said):
        (tmp_path / "said").write_text("\n".join(said) + "\n")
        (tmp_path / "Makefile").write_text(
            f"test:\n\t@mkdir -p {cache}; cp failed {cache}/lastfailed; cat said; false\ncheck:\n"
        )
        (tmp_path / "failed").write_text('{\n  "tests/test_a.py::test_a": true\n}')
        done = subprocess.run(
            [tmp_path / ".ci/steady"], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    return run


def test_what_passes_alone_is_named(steady):
    status, said = steady(FAILED)
    assert status == 0
    assert said.endswith("==== unsteady: tests/test_a.py::test_a\n")


@pytest.mark.parametrize(
    "fault",
    [
        "INTERNALERROR> Traceback (most recent call last):",
        "! xdist.dsession.Interrupted: <WorkerController gw1> received keyboard-interrupt !",
        "!!!!!!!!!!!!!!!!!!!!!!!!!! KeyboardInterrupt !!!!!!!!!!!!!!!!!!!!!!!!!!",
    ],
)
def test_tests_that_did_not_run_are_no_success(steady, fault):
    """The last line says the same as ever then."""
    assert steady(fault, FAILED)[0] == 1
