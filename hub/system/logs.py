"""Sets up the log of a process."""

import logging
import sys

from hub.system import journald


def set_up_logs(level: str, name: str) -> None:
    """Log to journald where systemd runs the process, else to standard error, one line each.

    Args:
        level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.
        name: The process's name, which is in every line.
    """
    if journald.is_wanted():
        handler = journald.JournaldHandler(name)
        logging.basicConfig(level=level, format="%(message)s", handlers=[handler])
    else:
        form = f"%(levelname)s {name}: %(message)s"
        logging.basicConfig(level=level, format=form, stream=sys.stderr)
