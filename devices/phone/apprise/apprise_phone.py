"""Over a hundred notification services, through Apprise. Each message is its own notification."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests
from apprise import AppriseAttachment, NotifyFormat, NotifyType
from apprise.conversion import convert_between

from devices.phone import http_answer, reachability
from devices.phone.address import options_in
from devices.phone.apprise.address import ASSET, apprise_warnings, service_of, unlogged
from devices.phone.apprise.outcome import error_from, error_unnoticed, has_taken
from devices.phone.http_session import LeftAloneError, Session, check_sleep, recorded
from devices.phone.phone import (
    Notification,
    PhoneAwayError,
    PhoneError,
    PhonePartlyError,
    PhoneRefusalError,
    Receipt,
)

# Apprise does not pass on what a service has answered, so its requests go through our Session.
requests.Session = requests.sessions.Session = Session  # type: ignore[misc]
ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
ANSWER_S = 5.0


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
        service.throttle = partial(_throttle, service.throttle)
        if "rto" not in options_in(url, service):
            service.socket_read_timeout = http_answer.READ_S
        self._mail: Any = None
        if getattr(service, "smtp_host", None):
            # In a house with mails only.
            from devices.phone.apprise import smtp_session  # noqa: PLC0415

            smtp_session.record_refusals()
            self._mail = smtp_session.last

    def send(
        self,
        notification: Notification,
        previous: Receipt | None = None,  # noqa: ARG002 - nothing can be changed
    ) -> Receipt | None:
        """See Phone."""
        links = [f"{button.label}: {button.url}" for button in notification.links]
        text = "\n".join([notification.text, *links])
        body = convert_between(NotifyFormat.TEXT, self._service.notify_format, text)
        picture = None
        if notification.picture:
            if not notification.picture.is_file():
                raise PhoneRefusalError(f"{self.name}: the picture is no longer there")
            picture = AppriseAttachment(str(notification.picture), asset=ASSET)
        # Called in this thread: Apprise's own loop would start another one.
        if self._mail:
            self._mail.refusal = None
        is_taken = False
        with apprise_warnings() as warnings, recorded() as exchanges, suppress(LeftAloneError):
            is_taken = self._service.notify(
                body=body,
                title=notification.title,
                notify_type=NotifyType.INFO,
                attach=picture,
            )
        if is_taken:
            if error := error_unnoticed(self.name, exchanges, notification.text):
                raise error
            return None
        if error := self._mail_error() or error_from(self.name, exchanges, notification.text):
            if has_taken(exchanges, notification.text):
                self._check_rest(notification, error)
                return None
            raise error
        reason = warnings[-1] if warnings else "the service did not take it"
        raise self._unknown_error(f"{self.name}: {reason}")

    def _mail_error(self) -> PhoneError | None:
        """The error of a mail server; None if it has refused nothing, or is none."""
        if not self._mail or not (refusal := self._mail.refusal):
            return None
        text = f"{self.name}: the server answers {refusal.code}: {refusal.text}"
        return PhoneRefusalError(text) if refusal.is_final else PhoneAwayError(text)

    def _check_rest(self, notification: Notification, error: PhoneError) -> None:
        """Raise if something else than the text is missing, or if not all have it."""
        wait_s = error.retry_after_s if isinstance(error, PhoneAwayError) else None
        if len(self._service) > 1:
            text = f"{error}. It is not sent again, because some of its targets have it"
            raise PhonePartlyError(text, lacks_picture=False, retry_after_s=wait_s)
        if notification.picture:
            raise PhonePartlyError(str(error), lacks_picture=True, retry_after_s=wait_s)

    def _unknown_error(self, text: str) -> PhoneError:
        is_away = self.fault_in_reaching() is not None
        return PhoneAwayError(text) if is_away else PhoneError(text)

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return reachability.fault_in_reaching(self._service)


def _throttle(
    throttle: Callable[..., None], last_io: Any = None, wait: float | None = None
) -> None:
    """Let Apprise sleep between two requests; but not for long: doorbell waits by itself."""
    if wait:
        check_sleep(wait)
    throttle(last_io, wait)


def warm_up() -> None:
    """Send one notification to ourselves, so that no visitor waits for what the first one loads.

    It goes over the loopback to a socket of this process, which answers once. It is not logged,
    because nobody is notified.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(ANSWER_S)
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        url = f"json://127.0.0.1:{server.getsockname()[1]}"
        # A proxy may stand between; the phones will show what is wrong.
        with unlogged(), suppress(PhoneError):
            ApprisePhone(url, service_of(url)).send(
                Notification(title="", text="", key="", picture=Path(__file__))
            )


def _answer(server: socket.socket) -> None:
    with suppress(OSError):
        connection, _ = server.accept()
        with connection:
            connection.settimeout(ANSWER_S)
            said = b" "
            while said and not said.endswith(b"}"):  # the end of the JSON
                said = connection.recv(65536)
            connection.sendall(ANSWER)
