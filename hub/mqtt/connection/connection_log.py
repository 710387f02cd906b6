"""Logs why there is no connection to the broker: each reason once, however often it is tried."""

import logging

from hub.mqtt.connection.connect_errors import RefusedError

UNSPECIFIED = "Unspecified error"  # paho's words for a connection that ends without a reason
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

    def failed(self, error: OSError) -> None:
        """Log why no connection was made; that no broker is there yet is no error."""
        is_refusal = isinstance(error, RefusedError)
        self.tell(str(error), logging.ERROR if is_refusal else logging.INFO)

    def lost(self, reason: str) -> None:
        """Log that there was a connection, and is none any more."""
        why = "it closed the connection" if reason == UNSPECIFIED else reason
        log.warning("lost the broker at %s: %s", self._address, why)

    def unacknowledged(self, what: str) -> None:
        """Log that the broker is silent."""
        log.warning("broker %s has not acknowledged %s: connecting anew", self._address, what)

    def forget(self) -> None:
        """There is a connection: the next reason is a new one."""
        self._last = ""
