"""How much each part of a house may take of a backup, so that none keeps the others out.

A process can fill its own folder as it likes. What it may take does not depend on the other parts.
"""

import math
import sys
from dataclasses import dataclass

from hub.admin.backup.database_copy import PATIENCE_S
from hub.admin.backup.manifest import LARGEST_MANIFEST
from hub.admin.backup.rules import LARGEST_SUM


@dataclass(frozen=True, slots=True)
class Limits:
    """Those of a restore.

    Attributes:
        listing: Bytes of the manifest.
        content: Bytes of all files together, unless the archive itself is large.
    """

    listing: int = LARGEST_MANIFEST
    content: int = LARGEST_SUM


@dataclass(slots=True)
class Share:
    """What a part may still take.

    Attributes:
        listing: Bytes of the manifest.
        content: Bytes of files.
        patience_s: Seconds for copies of state files: a process may lock any number of them.
    """

    listing: int
    content: int
    patience_s: float = PATIENCE_S

    def take(self, listing: int, content: int) -> None:
        """Note what it has taken."""
        self.listing -= listing
        self.content -= content


def share_of_settings(limits: Limits) -> Share:
    """A quarter, for settings and handlers, which no process writes."""
    return Share(limits.listing // 4, limits.content // 4)


def share_of_process(limits: Limits, processes: int) -> Share:
    """An equal part of a half."""
    return Share(limits.listing // 2 // processes, limits.content // 2 // processes)


def rest(limits: Limits, listed: int) -> Share:
    """What is left for the last part: clips, or the state of a house in one folder.

    An eighth of the manifest is kept, for what it says of the house, and because each part may go
    beyond its share by one name. A house in one folder belongs to one user, so each of its state
    files has a patience of its own.
    """
    return Share(limits.listing * 7 // 8 - listed, sys.maxsize, math.inf)
