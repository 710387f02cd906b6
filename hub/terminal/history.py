"""Opens the history of a house for a command, and tells what of it could not be read."""

import sys

from config import Settings
from hub.store.history import History
from hub.store.own_folders import files_in
from hub.terminal.output import complain


def open_history(settings: Settings) -> History:
    """The state files of all processes; without one the command ends here, with 1."""
    folder = settings.house_dir
    if not files_in(folder):
        hint = "Is state_dir right? `doorbell config` shows it"
        complain(f"✗ {folder}: nothing has happened here. {hint}")
        sys.exit(1)
    return History(folder)


def print_faults(history: History) -> None:
    """A line for each state file that could not be read."""
    for fault in dict.fromkeys(history.faults):
        complain(f"✗ {fault}")
    history.faults.clear()
