"""What the daemon knows of each thing that the hub does: it ticks, has faults and is closed."""

from collections.abc import Sequence
from typing import Protocol


class Feature(Protocol):
    """One thing that the hub does, in a file of its own; `hub/daemon.py` lists all of them.

    A feature subclasses this protocol and overrides what it needs: the rest does nothing.

    Attributes:
        faults: What is wrong with it now, a sentence each, for the log and the hub's status.
    """

    faults: Sequence[str] = ()

    def tick(self) -> None:
        """Do what is due; called about once a second, so it must not wait for anything."""
        return

    def close(self) -> None:
        """Give back what it holds. The daemon calls this once, while the bus still runs."""
        return
