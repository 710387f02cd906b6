"""`notify`, opened with settings of a test's own."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.plugin.loader import HandlerFile
from tests.handlers.notify.desk import Desk


@pytest.fixture
def desk(shipped: Callable[..., HandlerFile]) -> Callable[..., Desk]:
    """Opens `notify` with these settings."""

    def open_desk(
        web: str | None = None, memory: dict[str, Any] | None = None, **table: Any
    ) -> Desk:
        doors = {"front": {"name": "Front door"}, "garden_gate": {}}
        return Desk(shipped("notify", table, doors=doors), web, memory)

    return open_desk
