"""Checks that the moves of a restore are possible together, before the first is made.

A move that fails halfway would fail at each repetition, and no process starts until then.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from hub.admin.backup.manifest import BackupError
from hub.admin.restore.restore_steps import Step


def refuse_overlap(claims: Iterable[Path]) -> None:
    """Refuse files and folders of which one lies in the place of another, or in it.

    Args:
        claims: The settings file, each thing beside it, and the folders of handlers and state.

    Raises:
        BackupError: two do not fit.
    """
    places: dict[Path, Path] = {}
    for claim in claims:
        place = _place(claim)
        if place in places:
            raise BackupError(f"{claim}: the backup has two things for this place. {_HINT}")
        places[place] = claim
    for place, claim in places.items():
        for folder in place.parents:
            if folder in places:
                raise BackupError(f"{claim}: the backup also replaces {places[folder]}. {_HINT}")


def refuse_impossible(steps: Iterable[Step]) -> None:
    """Refuse moves to a place that has a file where it needs a folder above it.

    Raises:
        BackupError: there is one.
    """
    for step in steps:
        above = next(folder for folder in step.present.parents if os.path.lexists(folder))
        if not above.is_dir():
            hint = "Move it to another place, and restore again"
            raise BackupError(f"{above}: a file, where {step.present} needs a folder. {hint}")


_HINT = "Its settings and its files do not fit: take another backup"


def _place(path: Path) -> Path:
    """Where a rename puts it: links above it are followed, and itself is none."""
    full = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows the last part, too
    return Path(os.path.realpath(full.parent)) / full.name
