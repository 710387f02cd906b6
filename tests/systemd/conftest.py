"""What the tests of the units share: the real files, with programs that are here."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import ROOT

UNITS = ROOT / "systemd"


@pytest.fixture
def units(tmp_path: Path) -> Callable[..., Path]:
    """A folder with the units as they are installed, and with the optional drop-ins if wanted."""

    def put(*, optional: bool = False) -> Path:
        folder = tmp_path / "units"
        shutil.copytree(
            UNITS, folder, ignore=shutil.ignore_patterns("optional"), dirs_exist_ok=True
        )
        if optional:
            shutil.copytree(UNITS / "optional", folder, dirs_exist_ok=True)
        for path in folder.glob("*.service"):
            path.write_text(
                re.sub(r"/opt/doorbell/bin/[a-z-]+", "/bin/true", path.read_text()),
                encoding="utf-8",
            )
        return folder

    return put
