"""When nothing may be recorded: between two times of day, and while a switch is on."""

import logging
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

from devices.machine.daily_window import DailyWindow

log = logging.getLogger(__name__)
SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


class Privacy:
    """Says whether it is private now. The switch's last word is kept in a file over a restart.

    Args:
        begin: From this local time on it is private; None for no such time.
        end: Until this local time; on the next day if it is earlier than `begin`.
        marker: A file that exists while the switch is on; None if there is no switch.
        now: Tells the local time.
    """

    def __init__(
        self,
        begin: time | None,
        end: time | None,
        marker: Path | None = None,
        now: Callable[[], time] = lambda: datetime.now().astimezone().time(),
    ) -> None:
        self._window: DailyWindow | None = None
        if begin is not None and end is not None:
            self._window = DailyWindow(begin, end)
        self._marker = marker
        self._now = now
        self._is_on = marker is not None and marker.exists()

    def __call__(self) -> str | None:
        """Why nothing may be recorded now, in words; None when it may."""
        if self._is_on:
            return "private, by its switch"
        if self._window and self._window.contains(self._now()):
            return f"private until {self._window.end:%H:%M}"
        return None

    def switch(self, text: str) -> None:
        """Take a message of the switch: `on` or `off`. Any other text changes nothing."""
        is_on = SWITCH.get(text.strip().lower())
        if is_on is None:
            log.warning("the privacy switch sent neither on nor off: %.40r", text)
            return
        self._is_on = is_on
        if self._marker:
            self._keep(self._marker)

    def _keep(self, marker: Path) -> None:
        try:
            if not self._is_on:
                marker.unlink(missing_ok=True)
            elif not marker.exists():
                marker.parent.mkdir(parents=True, exist_ok=True)
                marker.touch()
        except OSError as error:
            log.warning("%s: after a restart the switch's state is unknown: %s", marker, error)
