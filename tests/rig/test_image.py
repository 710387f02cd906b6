"""`install.sh` in an image of Debian bookworm: real apt and package index, systemd not running."""

import os
import subprocess
from pathlib import Path

from tests.house import ROOT

HERE = Path(__file__).parent
PACKAGES = "ca-certificates,python3,systemd,sudo"


def test_it_is_installed_updated_and_taken_off_on_bookworm(say):
    """tests/rig/image has what is done, step by step."""
    order = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    mirrors = subprocess.run(order, capture_output=True, check=True, text=True).stdout.splitlines()
    mirror = next(one for one in mirrors if "security" not in one)
    done = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}",
         f"--dpkgopt={HERE / 'dpkg.conf'}", "--keyring=/usr/share/keyrings",
         f"--customize-hook=sh {HERE / 'image'} \"$1\"", "--format=null",
         "bookworm", "/dev/null", f"deb {mirror} bookworm main"],
        capture_output=True, check=False, text=True, env={**os.environ, "CHECKOUT": str(ROOT)},
    )  # fmt: skip
    told = done.stdout + done.stderr
    for line in told.splitlines():
        if line.startswith(("#", "✓ program", "✗")):
            say(line)
    assert done.returncode == 0, told
