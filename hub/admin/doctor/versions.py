"""The doctor's look at versions: of everything that matters in a report of a fault."""

import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from devices.machine import Finding, ok, pi, skipped
from hub.admin.doctor.context import Context

PACKAGES = ("paho-mqtt", "gpiozero", "lgpio", "picamera2", "av", "miniaudio")
DEBIAN = {"libcamera": "python3-libcamera", "mosquitto": "mosquitto", "systemd": "systemd"}


def versions(context: Context) -> Iterator[Finding]:
    """The program and its libraries, the machine and its system."""
    yield ok(f"doorbell {_package('doorbell-hub')}, Python {platform.python_version()}")
    found = {name: _package(name) for name in PACKAGES}
    found |= {name: _debian(package) for name, package in DEBIAN.items()}
    yield ok(", ".join(f"{name} {number}" for name, number in found.items() if number))
    missing = [name for name, number in found.items() if not number]
    if missing:
        yield skipped(f"not installed here: {', '.join(missing)}")
    machine = pi.model(context.root) or f"{platform.machine()}, no Raspberry Pi"
    yield ok(f"{machine}; {_system()}, Linux {platform.release()}")


def _package(name: str) -> str:
    """The version of a Python package; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _debian(package: str) -> str:
    """The version of a Debian package; empty where it is not installed."""
    if shutil.which("dpkg-query") is None:
        return ""
    try:
        return pi.run(["dpkg-query", "-W", "-f", "${Version}", package])
    except (OSError, subprocess.SubprocessError):
        return ""


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "an unknown system"
