"""Encrypts, signs and delivers the messages of this house to the push services of browsers."""

import threading
from typing import TYPE_CHECKING, Any, Protocol

from devices.phone.webpush import push_service
from devices.phone.webpush.subscription import Subscription

if TYPE_CHECKING:
    from devices.phone.webpush.vapid import Vapid


class PageLinks(Protocol):
    """What is used of `hub.page`."""

    def picture(self, press: str) -> str:
        """The address of the picture of a press, below that of the page."""

    def push_secret(self) -> bytes:
        """32 bytes from which the key of this house towards push services is derived."""

    def unseal(self, phone: str, sealed: str) -> Any:
        """Read what the page has sealed for this phone."""


class Sender:
    """What it takes needs 3 MB, so only a house with such a phone loads it.

    Args:
        links: What the page knows.
    """

    def __init__(self, links: PageLinks) -> None:
        self._links = links
        self._vapid: Vapid | None = None
        self._lock = threading.Lock()

    def load(self) -> "Vapid":
        """Load it now, so that no visitor waits for it.

        Raises:
            OSError: The key of the house cannot be read.
        """
        from devices.phone.webpush import encryption, vapid  # noqa: F401, PLC0415 - see above

        push_service.tls_context()
        with self._lock:
            if self._vapid is None:
                self._vapid = vapid.Vapid(self._links.push_secret())
            return self._vapid

    def send(self, text: bytes, subscription: Subscription, headers: dict[str, str]) -> None:
        """Deliver a message to a browser's push service.

        Args:
            text: The message.
            subscription: The browser.
            headers: How the service is to treat it.

        Raises:
            HttpError: The service did not take it.
            OSError: The key of the house cannot be read.
            ValueError: The browser's public key is none.
        """
        from devices.phone.webpush.encryption import encrypt  # noqa: PLC0415 - see above

        endpoint = subscription.endpoint
        told = {
            "Authorization": self.load().authorization(endpoint, subscription.page),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            **headers,
        }
        push_service.deliver(endpoint, told, encrypt(text, subscription))

    def picture(self, press: str) -> str:
        """See PageLinks."""
        return self._links.picture(press)

    def unseal(self, phone: str, sealed: str) -> Any:
        """See PageLinks."""
        return self._links.unseal(phone, sealed)
