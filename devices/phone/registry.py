"""Opens a phone for each notification address."""

import logging
from typing import Any

from devices.phone.phone import APPRISE, Phone


def open_phones(url: str) -> list[Phone]:
    """The phones behind one of Apprise's URLs: one for each topic or chat, as each may fail alone.

    Raises:
        ValueError: it is no notification service's.
    """
    from devices.phone.apprise import ApprisePhone, service_of  # noqa: PLC0415 - 30 MB that only phones need
    from devices.phone.ntfy import NtfyPhone  # noqa: PLC0415
    from devices.phone.telegram import TelegramPhone  # noqa: PLC0415

    service = service_of(url)
    match type(service).__name__:
        case "NotifyNtfy":
            return [NtfyPhone(service, topic) for topic in service.topics]
        case "NotifyTelegram":
            return [TelegramPhone(service, _chat(target)) for target in service.targets]
    return [ApprisePhone(url, service)]


def _chat(target: Any) -> str:
    """Apprise has a chat as its id, or with the topic in it."""
    return str(target[0] if isinstance(target, tuple) else target)


def fault_in_url(url: str) -> str | None:
    """Why nobody can be told by this URL; None when somebody can. The fault does not quote it: it may hold a secret."""
    from devices.phone.apprise import service_of  # noqa: PLC0415

    apprise = logging.getLogger(APPRISE)
    apprise.setLevel(logging.CRITICAL)  # it would log the refused URL with its password
    try:
        service_of(url)
    except ValueError:
        return "is no notification service. See https://github.com/caronc/apprise/wiki"
    finally:
        apprise.setLevel(logging.INFO)  # at DEBUG it logs tokens
    return None
