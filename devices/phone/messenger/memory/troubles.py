"""Which services do not take notifications, or pictures, as long as that is so."""

import logging
from collections.abc import Callable

from devices.phone.delivery.dispatch_result import DispatchResult, of_recipient

Tell = Callable[[str], None]
log = logging.getLogger(__name__)
PICTURE = " picture"  # of a phone


class Troubles:
    """Says a trouble once, and when it is over.

    Attributes:
        tell: Called with all troubles in words, after each change; with an empty text when all is
            well.
    """

    def __init__(self) -> None:
        self.tell: Tell = _tell_nobody
        self._known: dict[str, str] = {}  # by phone, and by phone and picture

    def update(self, result: DispatchResult, *, has_picture: bool) -> None:
        """Learn from a result; `has_picture` says whether the notification had one."""
        over = {*result.delivered}
        if has_picture:
            over |= {key + PICTURE for key in result.delivered}
        pictures = {
            key + PICTURE: f"pictures are left out: {reason}"
            for key, reason in result.no_picture.items()
        }
        known = {key: text for key, text in self._known.items() if key not in over}
        known |= result.away | result.failed | result.refused | pictures
        for key, text in pictures.items():
            if self._known.get(key) != text:
                log.warning("%s", text)
        if known != self._known:
            self._known = known
            self.tell("; ".join(dict.fromkeys(map(of_recipient, known, known.values()))))


def _tell_nobody(text: str) -> None:
    """Nobody has asked for troubles yet."""
