"""Sets up the log of a process."""

import logging
import sys

from hub.system import journald


def set_up_logs(level: str, name: str) -> None:
    """Log to the journal where there is one, else to standard error, a line each, with the process's name."""
    if journald.is_wanted():
        logging.basicConfig(
            level=level, format="%(message)s", handlers=[journald.JournaldHandler(name)]
        )
        return
    logging.basicConfig(level=level, format=f"%(levelname)s {name}: %(message)s", stream=sys.stderr)
