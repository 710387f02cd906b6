"""When something happened: on the wall clock, which may jump, and on the one that never does."""

from datetime import datetime
from typing import NamedTuple, Protocol


class Seen(Protocol):
    """What happened at a time: a `hub.Event`."""

    @property
    def time(self) -> datetime:
        """When, by the wall clock of the machine that saw it."""

    @property
    def boot(self) -> str:
        """Which boot of which machine saw it; empty when unknown."""

    @property
    def uptime_s(self) -> float:
        """Seconds from that boot."""

    @property
    def synchronised(self) -> bool:
        """Whether that wall clock could be believed."""


class Moment(NamedTuple):
    """A moment on both clocks.

    Attributes:
        at: Unix time in seconds.
        boot: See Seen.
        uptime_s: See Seen.
        synchronised: See Seen.
    """

    at: float
    boot: str = ""
    uptime_s: float = 0.0
    synchronised: bool = True

    @classmethod
    def of(cls, value: "float | str | list[float | str]") -> "Moment":
        """A moment from what `as_json` gave, or earlier versions: Unix time, or ISO 8601."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value).timestamp()
        if isinstance(value, int | float):
            return cls(float(value))
        at, boot, uptime_s, synchronised = value
        return cls(float(at), str(boot), float(uptime_s), bool(synchronised))

    @classmethod
    def seen(cls, event: Seen) -> "Moment":
        """When an event happened."""
        return cls(event.time.timestamp(), event.boot, event.uptime_s, event.synchronised)

    def as_json(self) -> "float | list[float | str]":
        """The moment as a JSON value; a number where the boot is unknown."""
        return [*self] if self.boot else self.at

    def later(self, seconds: float) -> "Moment":
        """The moment that many seconds after this one."""
        return self._replace(at=self.at + seconds, uptime_s=self.uptime_s + seconds)

    def since(self, earlier: "Moment") -> float:
        """Seconds from another moment to this one: exact where both were in one boot.

        Else it is what the wall clocks say: see `is_comparable`.
        """
        if self._shares_boot(earlier):
            return self.uptime_s - earlier.uptime_s
        return self.at - earlier.at

    def is_comparable(self, other: "Moment") -> bool:
        """Whether it is known which of two moments was first."""
        return self._shares_boot(other) or (self.synchronised and other.synchronised)

    def _shares_boot(self, other: "Moment") -> bool:
        return bool(self.boot) and self.boot == other.boot
