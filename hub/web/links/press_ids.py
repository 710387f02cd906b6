"""Which HTTP requests are one press: a device repeats a request that got no answer."""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.wire.event import uuid7

log = logging.getLogger(__name__)
FILE = "press-requests.json"
UNANSWERED_S = 60.0
BURST_S = 1.0
RESTARTED_S = 30.0  # on a Pi Zero the process needs ten of them to be back


@dataclass(frozen=True, slots=True)
class Asked:
    """The last press of a link.

    Attributes:
        id: Of its command and event.
        unix_s: When its first request came, or when it was confirmed.
        monotonic_s: The same, for the process that wrote it: the clock is set after a boot.
        confirmed: Whether the hub has confirmed it.
    """

    id: str
    unix_s: float
    monotonic_s: float
    confirmed: bool = False


class PressIds:
    """Gives each press of a link its id before the command is given.

    It stands in a file first. So a repeated request is the same press, also if this process was
    killed in between: for a minute while the hub has not confirmed it. Once it was confirmed, a
    request within a second belongs to it (within thirty, if this process was started since: it may
    have been killed before it could answer). What comes later is another press.

    The file is not synced, because only a power cut needs that, and a visitor would wait for it. On
    a disk that takes nothing it goes on in memory: the bell rings.
    """

    def __init__(
        self,
        folder: Path,
        *,
        unix_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read what was asked before a restart.

        Raises:
            OSError: the file cannot be read.
        """
        self._path = folder / FILE
        self._unix_s = unix_s
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._earlier = _read(self._path)
        self._asked: dict[str, Asked] = {}

    def id_for(self, link: str) -> str:
        """The id of the press that a request means."""
        with self._lock:
            known = self._asked.get(link) or self._earlier.get(link)
            if known is None or not self._is_repeat(link, known):
                known = Asked(uuid7(), self._unix_s(), self._monotonic_s())
                self._keep(link, known)
            return known.id

    def confirm(self, link: str, press_id: str) -> None:
        """The hub has confirmed the press."""
        with self._lock:
            known = self._asked.get(link) or self._earlier.get(link)
            if known and known.id == press_id and not known.confirmed:
                now = self._unix_s(), self._monotonic_s()
                self._keep(link, Asked(press_id, *now, confirmed=True))

    def _is_repeat(self, link: str, known: Asked) -> bool:
        is_own = link in self._asked
        within_s = UNANSWERED_S
        if known.confirmed:
            within_s = BURST_S if is_own else RESTARTED_S
        if is_own:
            return self._monotonic_s() - known.monotonic_s < within_s
        return abs(self._unix_s() - known.unix_s) < within_s

    def _keep(self, link: str, asked: Asked) -> None:
        self._asked[link] = asked
        oldest_s = self._unix_s() - UNANSWERED_S
        known = (self._earlier | self._asked).items()
        kept = {name: asdict(one) for name, one in known if one.unix_s > oldest_s}
        new = self._path.with_name(f".{self._path.name}.new")
        try:
            new.write_text(json.dumps(kept), encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror)


def _read(path: Path) -> dict[str, Asked]:
    try:
        kept = json.loads(path.read_bytes())
        return {link: Asked(**one) for link, one in kept.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):  # the power was cut while it was written
        return {}
