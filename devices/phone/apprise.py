"""Over a hundred notification services, through Apprise. Each message is its own notification."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apprise import Apprise, AppriseAsset, AppriseAttachment, NotifyFormat, NotifyType
from apprise.conversion import convert_between

from devices.phone import reachability
from devices.phone.phone import APPRISE_LOGGER, Notification, PhoneError, Receipt

ASSET = AppriseAsset(app_id="doorbell", async_mode=False)


def service_of(url: str) -> Any:
    """Make Apprise's own object of a URL.

    Raises:
        ValueError: No notification service has such a URL.
    """
    service = Apprise.instantiate(url, asset=ASSET)
    if service is None:
        raise ValueError("no notification service")
    # Apprise would delay the next notification by up to 5 seconds.
    service.request_rate_per_sec = 0
    return service


class ApprisePhone:
    """One service of Apprise's. It cannot change a notification, nor send one silently.

    Args:
        url: The service's URL. Its secrets appear nowhere.
        service: Apprise's object of that URL.
    """

    can_be_silent = False
    updates: bool | None = False

    def __init__(self, url: str, service: Any) -> None:
        self.name = url.partition("://")[0]
        self.has_address = reachability.address_of(service) is not None
        self._service = service

    def send(
        self,
        notification: Notification,
        previous: Receipt | None = None,  # noqa: ARG002 - nothing can be changed
    ) -> Receipt | None:
        """See Phone."""
        links = [f"{button.label}: {button.url}" for button in notification.buttons]
        text = "\n".join([notification.text, *links])
        body = convert_between(NotifyFormat.TEXT, self._service.notify_format, text)
        picture = None
        if notification.picture:
            picture = AppriseAttachment(str(notification.picture), asset=ASSET)
        # Called in this thread: Apprise's own loop would start another one.
        with _warnings() as warnings:
            taken = self._service.notify(
                body=body,
                title=notification.title,
                notify_type=NotifyType.INFO,
                attach=picture,
            )
        if not taken:
            reason = warnings[-1] if warnings else "the service did not take it"
            raise PhoneError(f"{self.name}: {reason}")
        return None

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return reachability.fault_in_reaching(self._service)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what Apprise logs in this thread: only its log says why it failed."""
    messages: list[str] = []
    here = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here:
                messages.append(record.getMessage())

    collector = Collector(logging.WARNING)
    logger = logging.getLogger(APPRISE_LOGGER)
    logger.addHandler(collector)
    try:
        yield messages
    finally:
        logger.removeHandler(collector)
