"""Logs why there is no connection to the broker: each reason once, however often it is tried."""

import logging

from hub.mqtt.connection.connect_errors import RefusedError, UnresolvedError

UNSPECIFIED = "Unspecified error"  # paho's words for a connection that ends without a reason
log = logging.getLogger(__name__)


class ConnectionLog:
    """Knows the reasons at each address, since there was a connection."""

    def __init__(self, addresses: str) -> None:
        """Prepare.

        Args:
            addresses: All of them, for people.
        """
        self._addresses = addresses
        self._told: set[tuple[str, str]] = set()  # address and reason
        self._reason = ""

    @property
    def has_reason(self) -> bool:
        """Whether more is known than that no broker answers: it refuses us, or has no address."""
        return bool(self._reason)

    @property
    def absence(self) -> str:
        """Why there is no connection, for people: the reason, or that no broker answers."""
        if self._reason:
            return self._reason
        return f"no broker at {self._addresses}. Is `doorbell run` or your broker running?"

    def tell(self, why: str, address: str, level: int = logging.ERROR) -> None:
        """Log why there is no connection at an address, once for each reason."""
        is_known = (address, why) in self._told
        self._told.add((address, why))
        self._reason = f"broker {address}: {why}" if level > logging.INFO else ""
        log.log(logging.DEBUG if is_known else level, "broker %s: %s", address, why)

    def failed(self, error: OSError, address: str) -> None:
        """Log why no connection was made; that no broker is there yet is no error."""
        level = logging.INFO
        if isinstance(error, UnresolvedError):
            level = logging.WARNING
        if isinstance(error, RefusedError):
            level = logging.ERROR
        self.tell(str(error), address, level)

    def lost(self, reason: str, address: str) -> None:
        """Log that there was a connection, and is none any more."""
        why = "it closed the connection" if reason == UNSPECIFIED else reason
        log.warning("lost the broker at %s: %s", address, why)

    def unacknowledged(self, what: str, address: str) -> None:
        """Log that the broker is silent."""
        log.warning("broker %s has not acknowledged %s: connecting anew", address, what)

    def forget(self) -> None:
        """There is a connection: the next reason is a new one."""
        self._told.clear()
