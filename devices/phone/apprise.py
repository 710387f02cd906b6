"""Over a hundred notification services, through Apprise: each message is a notification of its own."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apprise import Apprise, AppriseAsset, AppriseAttachment, NotifyFormat, NotifyType
from apprise.conversion import convert_between

from devices.phone import reachability as services
from devices.phone.phone import APPRISE, Note, PhoneError, Sent

ASSET = AppriseAsset(app_id="doorbell", async_mode=False)


def service_of(url: str) -> Any:
    """Apprise's own object of a URL.

    Raises:
        ValueError: it is no notification service's.
    """
    service = Apprise.instantiate(url, asset=ASSET)
    if service is None:
        raise ValueError("no notification service")
    service.request_rate_per_sec = (
        0  # Apprise would hold the next visitor's text back for 5 seconds
    )
    return service


class ApprisePhone:
    """One service of Apprise's.

    Args:
        url: Its URL; what of it is secret appears nowhere.
        service: Apprise's object of it.
    """

    can_be_silent = False
    updates: bool | None = False

    def __init__(self, url: str, service: Any) -> None:
        self.name = url.partition("://")[0]
        self.has_address = services.address_of(service) is not None
        self._service = service

    def tell(self, note: Note, before: Sent | None = None) -> Sent | None:  # noqa: ARG002 - nothing can be changed
        """See Phone."""
        text = "\n".join([note.text, *(f"{button.label}: {button.url}" for button in note.buttons)])
        body = convert_between(NotifyFormat.TEXT, self._service.notify_format, text)
        picture = AppriseAttachment(str(note.picture), asset=ASSET) if note.picture else None
        with (
            _complaints() as complaints
        ):  # in this thread: Apprise's own loop would start one of its own
            told = self._service.notify(
                body=body, title=note.title, notify_type=NotifyType.INFO, attach=picture
            )
        if not told:
            raise PhoneError(
                f"{self.name}: {complaints[-1] if complaints else 'it did not take it'}"
            )
        return None

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return services.fault_in_reaching(self._service)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What Apprise logs meanwhile in this thread: it tells nobody else why something failed."""
    said: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here:
                said.append(record.getMessage())

    listener = Listener(logging.WARNING)
    logger = logging.getLogger(APPRISE)
    logger.addHandler(listener)
    try:
        yield said
    finally:
        logger.removeHandler(listener)
