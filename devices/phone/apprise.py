"""Over a hundred notification services, through Apprise. Each message is its own notification."""

import logging
import re
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from apprise import Apprise, AppriseAsset, AppriseAttachment, NotifyFormat, NotifyType
from apprise.conversion import convert_between
from apprise.manager_plugins import NotificationManager

from devices.phone import http, http_answer, reachability
from devices.phone.address import fault_in_address, options_in
from devices.phone.http_session import RedirectedError, Session, last
from devices.phone.phone import (
    APPRISE_LOGGER,
    Notification,
    PhoneAwayError,
    PhoneError,
    PhoneRefusalError,
    Receipt,
)

# Apprise does not pass on what a service has answered, so its requests go through our Session.
requests.Session = requests.sessions.Session = Session  # type: ignore[misc]
ASSET = AppriseAsset(app_id="doorbell", async_mode=False)
DROPPED = re.compile("invalid|ignor|dropp|skipp", re.IGNORECASE)
ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
ANSWER_S = 5.0


def service_of(url: str) -> Any:
    """Make Apprise's own object of a URL.

    Raises:
        ValueError: No notification service has such a URL.
    """
    _load_plugins_for(url.strip().partition("://")[0].lower())
    service = Apprise.instantiate(url, asset=ASSET)
    if service is None:
        raise ValueError("no notification service")
    # Apprise would delay the next notification by up to 5 seconds.
    service.request_rate_per_sec = 0
    return service


def fault_in_url(url: str, sent: Mapping[str, Mapping[str, str]]) -> str | None:
    """Check an address; see `devices.phone.registry`.

    Args:
        url: The address.
        sent: The options of the drivers of our own, by the name of Apprise's class; see
            `fault_in_address`.
    """
    logger = logging.getLogger(APPRISE_LOGGER)
    is_info = logging.getLogger().isEnabledFor(logging.INFO)
    logger.setLevel(logging.INFO if is_info else logging.WARNING)  # at DEBUG it logs tokens
    try:
        with _unlogged(), _warnings() as warnings:  # the log would show the address's password
            service = service_of(url)
    except ValueError:
        return "is no notification service. See https://github.com/caronc/apprise/wiki"
    if any(DROPPED.search(text) for text in warnings):
        return (
            "names a topic, a chat or a person that its service cannot have. "
            "Write %40 for @, %2F for / and %23 for # in a name or a password"
        )
    name = type(service).__name__
    if name in sent and not (getattr(service, "topics", None) or getattr(service, "targets", None)):
        return "names nobody. Write its topic or chat at the end"
    return fault_in_address(url, service, sent.get(name))


def _load_plugins_for(scheme: str) -> None:
    """Have Apprise import the plugins whose source names this scheme: all take 12 MB more.

    Apprise imports those that are listed in a folder. If none of them has the scheme, Apprise
    imports all, as it does by itself: the URL may be one that a service shows, like https://….
    """
    plugins = NotificationManager()
    if not plugins or scheme not in plugins:
        with suppress(OSError), TemporaryDirectory() as listed:  # a full disk: all are imported
            for name in _plugins_naming(scheme, Path(plugins.module_path)):
                Path(listed, name).touch()
            plugins.load_modules(path=listed)
    if scheme not in plugins:
        plugins.unload_modules()


def _plugins_naming(scheme: str, folder: Path) -> Iterator[str]:
    quoted = f'"{scheme}"'.encode()
    for path in folder.iterdir():
        is_known = f"apprise.plugins.{path.stem}" in sys.modules
        sources = [path] if path.suffix == ".py" else path.glob("*.py")
        if not is_known and any(quoted in source.read_bytes() for source in sources):
            yield path.name


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
        if "rto" not in options_in(url, service):
            service.socket_read_timeout = http_answer.READ_S
        self._mail: Any = None
        if getattr(service, "smtp_host", None):
            from devices.phone import smtp_session  # noqa: PLC0415 - in a house with mails only

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
            picture = AppriseAttachment(str(notification.picture), asset=ASSET)
        # Called in this thread: Apprise's own loop would start another one.
        last.response = last.error = None
        if self._mail:
            self._mail.refusal = None
        with _warnings() as warnings:
            taken = self._service.notify(
                body=body,
                title=notification.title,
                notify_type=NotifyType.INFO,
                attach=picture,
            )
        if not taken:
            reason = warnings[-1] if warnings else "the service did not take it"
            raise self._error(f"{self.name}: {reason}")
        return None

    def _error(self, text: str) -> PhoneError:
        """Tell by the service's answer whether another attempt may help."""
        if self._mail and (refusal := self._mail.refusal):
            text = f"{self.name}: the server answers {refusal.code}: {refusal.text}"
            return PhoneRefusalError(text) if refusal.is_final else PhoneAwayError(text)
        response, error = last.response, last.error
        if isinstance(error, RedirectedError):
            response = error.response
        elif error:
            return PhoneAwayError(text, is_doubtful=isinstance(error, requests.ReadTimeout))
        if response is not None and not http_answer.is_success(response.status_code):
            answer = http.error_of(response)
            if answer.is_final:
                return PhoneRefusalError(text)
            return PhoneAwayError(text, answer.retry_after_s)
        is_away = self.fault_in_reaching() is not None
        return PhoneAwayError(text) if is_away else PhoneError(text)

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return reachability.fault_in_reaching(self._service)


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
        with _unlogged(), suppress(PhoneError):
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


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep out of the log what Apprise logs meanwhile."""
    logger = logging.getLogger(APPRISE_LOGGER)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True


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
