"""Handler files, loaded as a handler process loads them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from hub.plugin.loader import SHIPPED, HandlerFile, load


@pytest.fixture
def shipped(tmp_path: Path) -> Callable[..., HandlerFile]:
    """Load a handler that comes with us, by its name, its own settings, and those of the house."""

    def load_by_name(name: str, table: dict[str, Any] | None = None, **more: Any) -> HandlerFile:
        doors = {"front": {"name": "Front door"}, "back": {}, "garden": {}}
        house = {
            "handlers": {name: table or {}},
            "state_dir": tmp_path / "state",
            "doors": doors,
            **more,
        }
        settings = Settings.model_validate(house)
        return load(SHIPPED / f"{name}.py", settings)

    return load_by_name
