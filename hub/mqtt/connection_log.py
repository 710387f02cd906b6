"""Logs why there is no connection to the broker: each reason once, however often it is tried."""

import logging

log = logging.getLogger(__name__)


class ConnectionLog:
    """Knows the last reason.

    Attributes:
        is_refused: Whether there is a broker, and it or this process refuses the other.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._last = ""
        self.is_refused = False

    @property
    def absence(self) -> str:
        """Why there is no connection, for people: why it was refused, or that no broker answers."""
        if self.is_refused:
            return f"broker {self._address}: {self._last}"
        return f"no broker at {self._address}. Is `doorbell run` or your broker running?"

    def tell(self, why: str, level: int = logging.ERROR) -> None:
        """Log why there is no connection, once for each reason."""
        is_known = why == self._last
        log.log(logging.DEBUG if is_known else level, "broker %s: %s", self._address, why)
        self._last = why
        self.is_refused = level == logging.ERROR

    def forget(self) -> None:
        """There is a connection: the next reason is a new one."""
        self._last = ""
