"""The settings without what is faulty in them, so that the rest can be checked and used, too."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from config.faults import Fault, Path, faults_in
from config.model import Settings

MOST_PASSES = 20
STAND_IN = {"latitude": 51.5, "longitude": 0.0}  # Greenwich


def sound_part(
    table: Mapping[str, Any], lost: Sequence[Path] = ()
) -> tuple[Settings | None, list[Fault]]:
    """Check settings; where they have faults, leave these out and look for more.

    Another place stands in for a faulty one, and an empty door for one that is no table, so that
    what needs them has no fault of its own.

    Args:
        table: The settings as they were written.
        lost: Tables and keys that were written, too, but could not be read.

    Returns:
        The settings without what is faulty, None where nothing is left; and all faults.
    """
    left = copy.deepcopy(dict(table))
    gone = list(lost)
    faults: list[Fault] = []
    for path in lost:
        _stand_in(left, path)
    for _ in range(MOST_PASSES):
        try:
            return Settings.model_validate(left), faults
        except ValidationError as error:
            found = faults_in(error)
        faults += [fault for fault in found if not _follows(fault, gone)]
        out = [path for fault in found if (path := _out_of(left, fault))]
        if not out:
            break
        gone += out
    return None, faults


def _follows(fault: Fault, gone: Sequence[Path]) -> bool:
    """Whether a fault may be there only because something else was left out."""
    path = tuple(part for part in fault.path if part != "[key]")
    return any(
        out[: len(path)] == path or any(_holds(out, one) for one in (path, *fault.needs))
        for out in gone
    )


def _holds(table: Path, path: Path) -> bool:
    return path[: len(table)] == table


def _out_of(table: dict[str, Any], fault: Fault) -> Path:
    """Take out what a fault is about, or else the first other key that it needs; what it was."""
    places = (_take_out(table, path) for path in (fault.path, *fault.needs))
    return next(filter(None, places), ())


def _take_out(table: dict[str, Any], path: Path) -> Path:
    """Take a key out, or the table in which it misses; what was taken out."""
    above, here = table, table
    end = 0
    for part in path:
        if not isinstance(here, dict) or part not in here:
            break
        above, here = here, here[part]
        end += 1
    out = path[:end]
    if out:
        del above[out[-1]]
    if len(out) == 2 and out[0] == "doors" and path[-1] != "[key]":  # noqa: PLR2004 - a door
        above[out[-1]] = {}
    _stand_in(table, out)
    return out


def _stand_in(table: dict[str, Any], path: Path) -> None:
    """Set another place where the one of the house has gone."""
    if path == ("house",) or (path[:1] == ("house",) and path[-1] in STAND_IN):
        house = table.get("house")
        table["house"] = (house if isinstance(house, dict) else {}) | STAND_IN
