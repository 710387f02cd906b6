"""Opens the phones behind a notification address."""

import logging
from typing import Any

from devices.phone.phone import APPRISE_LOGGER, Phone


def open_phones(url: str) -> list[Phone]:
    """Open the phones behind one Apprise URL: one for each topic or chat, as each may fail alone.

    Args:
        url: For example `ntfy://ntfy.sh/my-door` (https://github.com/caronc/apprise/wiki).

    Raises:
        ValueError: No notification service has such a URL.
    """
    # Apprise takes 30 MB, which only processes with a phone pay for.
    from devices.phone.apprise import ApprisePhone, service_of  # noqa: PLC0415
    from devices.phone.ntfy import NtfyPhone  # noqa: PLC0415
    from devices.phone.telegram import TelegramPhone  # noqa: PLC0415

    service = service_of(url)
    match type(service).__name__:
        case "NotifyNtfy":
            return [NtfyPhone(service, topic) for topic in service.topics]
        case "NotifyTelegram":
            return [TelegramPhone(service, _chat(target)) for target in service.targets]
    return [ApprisePhone(url, service)]


def warm_up() -> None:
    """Load all that the first notification needs; see `devices.phone.apprise`."""
    from devices.phone import apprise  # noqa: PLC0415 - see open_phones

    apprise.warm_up()


def fault_in_url(url: str) -> str | None:
    """Check a notification address without sending anything.

    Returns:
        What is wrong, without the URL, which may contain a secret; None if it is a service's URL.
    """
    from devices.phone.apprise import service_of  # noqa: PLC0415 - see open_phones

    apprise = logging.getLogger(APPRISE_LOGGER)
    apprise.setLevel(logging.CRITICAL)  # it would log the refused URL with its password
    try:
        service_of(url)
    except ValueError:
        return "is no notification service. See https://github.com/caronc/apprise/wiki"
    finally:
        apprise.setLevel(logging.INFO)  # at DEBUG it logs tokens
    return None


def _chat(target: Any) -> str:
    """The id of a chat. Apprise gives it alone, or together with a topic."""
    return str(target[0] if isinstance(target, tuple) else target)
