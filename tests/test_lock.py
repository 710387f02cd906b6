"""What doorbell is installed with: exact versions, and only files whose hashes are known."""

import base64
import hashlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import ROOT

LOCK = ROOT / "lock"
PARTS: dict[str, list[str]] = runpy.run_path(str(ROOT / ".ci/lock"))["parts"]()
MACHINES = [
    {
        "python_version": python,
        "python_full_version": f"{python}.2",
        "platform_machine": processor,
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for python in ("3.11", "3.12", "3.13", "3.14")
    for processor in ("x86_64", "aarch64", "armv7l")
]
LINE = re.compile(r"^([\w.-]+==[^\\]+?) \\$", re.MULTILINE)
ANOTHER_HASH = "0" * 64


def _locked(part: str, machine: dict[str, str]) -> dict[str, str]:
    """The versions that this machine gets of a part, by name."""
    found: dict[str, str] = {}
    for line in LINE.findall((LOCK / f"{part}.txt").read_text(encoding="utf-8")):
        one = Requirement(line)
        if one.marker is None or one.marker.evaluate(machine):
            assert one.name not in found, f"{part}: {one.name} is there twice for {machine}"
            found[one.name] = str(one.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("part", PARTS)
def test_the_lock_is_in_step_with_the_project(part: str):
    """Each requirement of pyproject.toml has a version that fits it: else `make lock`."""
    for machine in MACHINES:
        locked = _locked(part, machine)
        for requirement in map(Requirement, PARTS[part]):
            version = locked.get(canonicalize_name(requirement.name))
            assert version, f"lock/{part}.txt has no {requirement.name}: make lock"
            assert requirement.specifier.contains(version), f"{requirement}: make lock"


def test_no_package_has_two_versions_on_one_machine():
    """The parts agree, so none of them undoes another."""
    for machine in MACHINES:
        versions: dict[str, set[str]] = {}
        for part in PARTS:
            for name, version in _locked(part, machine).items():
                versions.setdefault(name, set()).add(version)
        assert not {name: found for name, found in versions.items() if len(found) > 1}


@pytest.mark.parametrize("part", PARTS)
def test_each_file_has_a_hash_and_no_address(part: str):
    """The files come from where this machine's settings say."""
    text = (LOCK / f"{part}.txt").read_text(encoding="utf-8")
    wanted = [block for block in re.split(r"\n(?=[^\s#])", text) if "==" in block]
    assert wanted
    assert all("--hash=sha256:" in block for block in wanted)
    assert "://" not in text
    assert "--index" not in text


def _wheel(folder: Path) -> str:
    """Build a small wheel; returns its SHA-256."""
    info = "chimes-1.0.dist-info"
    files = {
        "chimes.py": "HERE = True\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: chimes\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\n"
    path = folder / "chimes-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _install(folder: Path, sha256: str) -> subprocess.CompletedProcess[str]:
    """Run the project's own script on a lock that names the wheel with this hash."""
    shutil.copy(LOCK / "install", folder / "install")
    (folder / "part.txt").write_text(f"chimes==1.0 \\\n    --hash=sha256:{sha256}\n", "utf-8")
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_TARGET": str(folder / "site")}
    return subprocess.run(
        [str(folder / "install"), sys.executable, "part"],
        env={**os.environ, **pip}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_file_with_the_listed_hash_is_installed(tmp_path: Path):
    """And nothing is said about it."""
    done = _install(tmp_path, _wheel(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "site/chimes.py").exists()


def test_a_file_with_another_hash_is_refused(tmp_path: Path):
    """It says which file that is, where it lies, and what to do; nothing is installed."""
    sha256 = _wheel(tmp_path)
    done = _install(tmp_path, ANOTHER_HASH)
    assert done.returncode == 3
    assert "chimes==1.0 from file://" in done.stderr
    assert sha256 in done.stderr
    assert "try another network or index" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "site").exists()
