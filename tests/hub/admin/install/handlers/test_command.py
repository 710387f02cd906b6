"""`doorbell handlers` says where each handler comes from."""

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.admin.install.handlers.command import handlers
from hub.plugin import loader


def test_a_file_of_ones_own_in_a_checkout_does_not_come_with_doorbell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It lies beside the shipped ones; its path is shown, and theirs is not."""
    folder = Path(shutil.copytree(loader.SHIPPED, tmp_path / "handlers"))
    monkeypatch.setattr(loader, "SHIPPED", folder)
    (folder / "wave.py").write_text("x = 1\n")
    config = tmp_path / "doorbell.toml"
    config.write_text('state_dir = "state"\n')
    shown = CliRunner().invoke(handlers, ["--config", str(config)]).output.splitlines()
    origins = {line.split()[0]: re.split(" {2,}", line)[2] for line in shown}
    assert origins.pop("wave") == str(folder / "wave.py")
    assert set(origins) == set(loader.SHIPPED_NAMES)
    assert set(origins.values()) == {"comes with doorbell"}
