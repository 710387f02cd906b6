"""Keeps a process from starting with an empty state file while its own lies elsewhere.

An update gives each process a folder of its own, and moves its state there. Until that is finished,
a unit may run with the state on its way, or the state be in place and the unit the old one.
"""

from config import Settings, places
from hub.store.own_folders import are_apart, part_of
from hub.store.state import StateError

REMEDY = "Finish the update: sudo doorbell install"
PROGRAM = "A program of your own needs the variable DOORBELL_OWN_FOLDER=handlers/NAME"


def refuse(settings: Settings) -> None:
    """Refuse to start where the state of this process is not where it would look for it.

    Raises:
        StateError: it lies elsewhere.
    """
    if found := fault(settings):
        raise StateError(found)


def fault(settings: Settings) -> str | None:
    """Why this process may not start here; None if it may."""
    own = places.own_folder()
    house = settings.house_dir
    if not own.parts:
        if not are_apart(house):
            return None
        hint = f"{REMEDY}; or give `doorbell run` another state_dir. {PROGRAM}"
        return f"{house}: each unit has a folder of its own there, and this process none. {hint}"
    for path in house.glob("*.db"):
        if part_of(path.name, [own.name]) == own.as_posix():
            return f"{path}: not yet in {settings.state_dir}. {REMEDY}"
    return None
