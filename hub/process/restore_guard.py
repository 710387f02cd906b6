"""Keeps every process from starting while a restore is unfinished.

A restore leaves a note beside the settings file until it is complete.
"""

from collections.abc import Iterator
from pathlib import Path

from config import Settings, SettingsError
from config.reading import sources

NOTE = "restore-unfinished.json"
FROM_RESTORES = ("before-restore-", ".restore-")  # folders that earlier restores left


def note_of(config: Path, settings: Settings) -> Path:
    """Where the note is: beside the settings file; for the demo in its state folder."""
    return (settings.state_dir if config == sources.DEMO else config.parent) / NOTE


def refuse(config: Path, settings: Settings) -> None:
    """Refuse to start between the old state and the new one.

    Raises:
        SettingsError: a restore is unfinished.
    """
    if found := list(faults(config, settings)):
        raise SettingsError(found)


def faults(config: Path, settings: Settings) -> Iterator[str]:
    """A fault for an unfinished restore; nothing when there is none."""
    if (note := note_of(config, settings)).exists():
        yield f"{note}: a restore was cut off. Finish it: sudo doorbell restore --config {config}"
