"""How `doorbell backup` and `doorbell restore` end when they cannot do what they are for."""

import signal
import sys
from typing import NoReturn

from hub.terminal.output import complain


def clean_up_when_ended() -> None:
    """A closed terminal or a shutdown cleans up as Ctrl-C does: what was unpacked is secret."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)


def fail(error: object) -> NoReturn:
    """Tell what is wrong, and end."""
    complain(f"✗ {error}")
    sys.exit(1)
