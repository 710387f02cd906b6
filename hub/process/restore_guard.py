"""A restore that was cut off leaves a note beside the settings; while it lies there, no process of ours starts."""

from collections.abc import Iterator
from pathlib import Path

from config import Settings, SettingsError, sources

NOTE = "restore-unfinished.json"


def note_of(config: Path, settings: Settings) -> Path:
    """Where the note lies: beside the settings file; for the demo, whose file is ours, with the state."""
    return (settings.state_dir if config == sources.DEMO else config.parent) / NOTE


def refuse(config: Path, settings: Settings) -> None:
    """Start only from one state, the old or the new.

    Raises:
        SettingsError: a restore was cut off.
    """
    if found := list(faults(config, settings)):
        raise SettingsError(found)


def faults(config: Path, settings: Settings) -> Iterator[str]:
    """What is to be told of it."""
    if (note := note_of(config, settings)).exists():
        yield f"{note}: a restore was cut off. Finish it: sudo doorbell restore --config {config}"
