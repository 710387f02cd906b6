"""Run the cases of a folder, or those that are named, and say of each whether it came out right.

    python -m tests.cases FOLDER [CASE …]

A case is a folder below FOLDER: inputs, and where it needs a broker, a camera or a service, a
`run.sh` that brings them up. It runs in a copy, with DB set to the folder of this checkout's
programs. What has to come out is in expected.py. A case that is unknown there counts as wrong.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.cases.expected import EXPECTED, Expected

LONGEST_S = 300


def main() -> int:
    """Run them one after another: 0 if all came out right."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cases", description="Run reported cases."
    )
    parser.add_argument("folder", type=Path, help="the folder with a folder for each case")
    parser.add_argument("cases", nargs="*", help="the names of some of them; otherwise all")
    asked = parser.parse_args()
    names = asked.cases or sorted(one.name for one in asked.folder.iterdir() if one.is_dir())
    wrong = [name for name in names if not _is_right(asked.folder, name)]
    print(f"{len(names) - len(wrong)} of {len(names)} cases came out right", *wrong)
    return 1 if wrong else 0


def _is_right(folder: Path, name: str) -> bool:
    expected = EXPECTED.get(name)
    if expected is None:
        print(f"✗ {name}: what has to come out is not in expected.py", flush=True)
        return False
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        output = _run(expected, Path(copy) / name)
    faults = expected.faults_in(output)
    print(f"{'✗' if faults else '✓'} {name}: {expected.meaning}", flush=True)
    for fault in faults:
        print(f"    {fault}")
    if faults:
        print("    | " + output.replace("\n", "\n    | "))
    return not faults


def _run(expected: Expected, folder: Path) -> str:
    programs = {**os.environ, "DB": str(Path(sys.executable).parent)}
    command = ["timeout", "--kill-after=10", str(LONGEST_S), "bash", "-c", expected.command]
    done = subprocess.run(
        command,
        cwd=folder,
        env=programs,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
