"""A guest book in a state file of its own."""

from pathlib import Path

import pytest

from config import Settings
from hub.web.guest_book.book import GuestBook
from tests.hub.web.guest_book.story import RecordingCommands, Story


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A house with one door, whose recordings are below the test's folder."""
    return Settings(state_dir=tmp_path)


@pytest.fixture
def commands() -> RecordingCommands:
    """What was wanted of the recorder."""
    return RecordingCommands()


@pytest.fixture
def book(settings, state, commands) -> GuestBook:
    """An empty book."""
    return GuestBook(settings, state, commands)


@pytest.fixture
def story() -> Story:
    """What happens at the door."""
    return Story()
