"""When nobody may look: between two times of day, and while a switch says so."""

import logging
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

log = logging.getLogger(__name__)
WORDS = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


class Privacy:
    """Asked often, answers at once. What the switch said last is on the disk, so that a restart does not look."""

    def __init__(
        self,
        begin: time | None,
        end: time | None,
        marker: Path | None = None,
        now: Callable[[], time] = lambda: datetime.now().astimezone().time(),
    ) -> None:
        """As it was.

        Args:
            begin: From then on, by the local clock; over midnight when it is later than `end`.
            end: Until then.
            marker: A file that is there while the switch is on; None when there is no switch.
            now: What time it is.
        """
        self._begin, self._end, self._marker, self._now = begin, end, marker, now
        self._is_on = marker is not None and marker.exists()

    def __call__(self) -> str | None:
        """Why nobody may look now, in words; None when one may."""
        if self._is_on:
            return "private, by its switch"
        if self._begin is None or self._end is None:
            return None
        now = self._now()
        over_midnight = self._begin > self._end
        if (
            (now >= self._begin or now < self._end)
            if over_midnight
            else self._begin <= now < self._end
        ):
            return f"private until {self._end:%H:%M}"
        return None

    def hear(self, text: str) -> None:
        """The switch says `on` or `off`; what else it says changes nothing."""
        is_on = WORDS.get(text.strip().lower())
        if is_on is None:
            log.warning("the privacy switch says neither on nor off: %.40r", text)
            return
        self._is_on = is_on
        if self._marker:
            self._note(self._marker)

    def _note(self, marker: Path) -> None:
        try:
            if not self._is_on:
                marker.unlink(missing_ok=True)
            elif not marker.exists():
                marker.parent.mkdir(parents=True, exist_ok=True)
                marker.touch()
        except OSError as error:
            log.warning("%s: a restart will not know whether it is private: %s", marker, error)
