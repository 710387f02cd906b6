"""Where the relay writes to. A target is one class with two methods."""

from collections.abc import Sequence
from typing import Protocol

from doorbell_fleet.record import Record


class TargetError(RuntimeError):
    """Nothing can be written now, and another process may have to begin anew."""


class Target(Protocol):
    """What takes records."""

    def send(self, records: Sequence[Record]) -> None:
        """Write them in this order, and return when all are safe. It waits as long as it takes.

        Raises:
            TargetError: this target cannot go on. Some may be written: all of them come again.
        """

    @property
    def fault(self) -> str:
        """What keeps it from writing, in words; empty when all is well."""
