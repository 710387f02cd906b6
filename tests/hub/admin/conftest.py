"""A house that backups are made of."""

from pathlib import Path

import pytest

from hub.store.state import State


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house with a state file."""
    path = tmp_path / "etc" / "doorbell.toml"
    path.parent.mkdir()
    path.write_text('state_dir = "../var"\n')
    State(tmp_path / "var" / "hub-home.db").close()
    return path
