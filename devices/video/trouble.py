"""What is wrong with a camera, in words."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class TroubleReport:
    """Reports what is wrong, once.

    Args:
        name: The camera's name, without its password.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._trouble = ""
        self._advice = ""
        self._logged: set[str] = set()
        self._report: Callable[[str], None] = lambda _: None

    def log_once(self, level: int, words: str) -> None:
        """Log what happens again and again, once until the camera was away and is back."""
        log.log(logging.DEBUG if words in self._logged else level, "%s", words)
        self._logged.add(words)

    def on_trouble(self, report: Callable[[str], None]) -> None:
        """See Camera."""
        self._report = report
        report(self._trouble or self._advice)

    def set_trouble(self, words: str) -> None:
        """Report why there is no picture; an empty text when there are pictures."""
        if words == self._trouble:
            return
        self._trouble = words
        if words:
            self.log_once(logging.WARNING, words)
        else:
            log.info("the camera %s gives pictures", self.name)
            self._logged.clear()
        self._report(self._trouble or self._advice)

    def set_advice(self, words: str) -> None:
        """Report what is wrong though the camera is there; an empty text when it is mended."""
        if words == self._advice:
            return
        self._advice = words
        if words:
            log.warning("%s", words)
        if not self._trouble:
            self._report(words)
