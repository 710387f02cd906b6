"""The wheel, which install.sh installs, is complete, and its commands start without a checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house import ROOT

pytestmark = pytest.mark.xdist_group("wheel")  # built and installed once
PACKAGES = ("hub", "devices", "handlers", "config")
COMMANDS = ("doorbell", "doorbell-hub", "doorbell-handler", "doorbell-web")
PLACES = """
from pathlib import Path
import hub, handlers
from hub.admin.install.drop_ins import OPTIONAL, SHIPPED
from hub.admin.install.install import RULES
from hub.plugin import loader
print(Path(hub.__file__).parent)
for place in (OPTIONAL, RULES, SHIPPED, loader.SHIPPED):
    assert place.is_dir(), place
    print(place)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as pip builds it, without a network."""
    pytest.importorskip("hatchling", reason="no hatchling: .venv/bin/pip install hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed into a folder of its own, which Python looks into before the checkout."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command = [*pip, "--disable-pip-version-check", "--target", str(folder), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def _run(site: Path, *command: str) -> str:
    variables = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=variables, cwd=site
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path):
    """Modules, settings files, the protocol's description and the units: all are in it."""
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "tests" not in path.parts
    }
    wanted |= {
        f"hub/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "systemd").rglob("*")
        if path.is_file()
    }
    assert "hub/asyncapi.yaml" in wanted
    assert "hub/systemd/doorbell-hub.service" in wanted
    assert wanted - held == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_starts_from_the_wheel(site: Path, command: str):
    """The console scripts, which the units start, find their modules."""
    assert "usage" in _run(site, str(site / "bin" / command), "--help").lower()


def test_the_installed_program_finds_its_own_files(site: Path):
    """Units, drop-ins, mosquitto's rules and the handlers lie in the wheel, not in a checkout."""
    places = _run(site, sys.executable, "-c", PLACES).splitlines()
    assert len(places) == 5
    assert all(place.startswith(str(site)) for place in places), places
