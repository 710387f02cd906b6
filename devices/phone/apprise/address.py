"""Apprise's own object of an address, and whether all is sent that an address says."""

import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from apprise import Apprise, AppriseAsset
from apprise.manager_plugins import NotificationManager

from devices.phone.address import Sent, fault_in_address, fault_in_waits, options_in
from devices.phone.phone import APPRISE_LOGGER

ASSET = AppriseAsset(app_id="doorbell", async_mode=False)
PORTS = range(1, 65_536)
DROPPED = re.compile("invalid|ignor|dropp|skipp", re.IGNORECASE)


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
    service.retry = 0  # doorbell itself tries again
    return service


def fault_in_url(url: str, sent: Mapping[str, Sent]) -> str | None:
    """Check an address; see `devices.phone.registry`.

    Args:
        url: The address.
        sent: What the drivers of our own send, by the name of Apprise's class.
    """
    logger = logging.getLogger(APPRISE_LOGGER)
    is_info = logging.getLogger().isEnabledFor(logging.INFO)
    logger.setLevel(logging.INFO if is_info else logging.WARNING)  # at DEBUG it logs tokens
    try:
        # The log would show the address's password.
        with unlogged(), apprise_warnings() as warnings:
            service = service_of(url)
    except ValueError:
        return "is not a notification service. See https://github.com/caronc/apprise/wiki"
    if fault := fault_in_waits(options_in(url, service)):
        return fault
    if any(DROPPED.search(text) for text in warnings):
        return (
            "names a topic, a chat or a person that its service cannot have. "
            "Write %40 for @, %2F for / and %23 for # in a name or a password"
        )
    name = type(service).__name__
    if service.port is not None and service.port not in PORTS:
        return "has a port that cannot be one. Write a number from 1 to 65535"
    has_place = getattr(service, "topics", None) or getattr(service, "targets", None)
    # Without a topic, Apprise takes ntfy's server for one, at the public ntfy.sh.
    is_server = getattr(service, "mode", None) == "cloud" and service.port
    if name in sent and (is_server or not has_place):
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


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep out of the log what Apprise logs meanwhile."""
    logger = logging.getLogger(APPRISE_LOGGER)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True


@contextmanager
def apprise_warnings() -> Iterator[list[str]]:
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
