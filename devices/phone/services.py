"""The notification services: those with a driver of our own, and all others by Apprise.

To import this takes 10 MB and a second, for Apprise; `devices.phone.registry` does it when needed.
"""

from typing import Any

from devices.phone.address import Sent, options_in
from devices.phone.apprise import address, apprise_phone
from devices.phone.apprise.address import service_of
from devices.phone.apprise.apprise_phone import ApprisePhone
from devices.phone.apprise.targets import each_target
from devices.phone.ntfy import NTFY_ALIASES, NTFY_OPTIONS, PRIORITIES, NtfyPhone
from devices.phone.phone import Phone
from devices.phone.telegram import TELEGRAM_OPTIONS, TelegramPhone

SENT = {  # by Apprise's classes
    "NotifyNtfy": Sent(NTFY_OPTIONS, {"priority": PRIORITIES}, NTFY_ALIASES),
    "NotifyTelegram": Sent(TELEGRAM_OPTIONS),
}


def open_phones(url: str) -> list[Phone]:
    """See registry."""
    service = service_of(url)
    options = options_in(url, service)
    phones: list[Phone]
    match type(service).__name__:
        case "NotifyNtfy":
            phones = [NtfyPhone(service, topic, options) for topic in service.topics]
        case "NotifyTelegram":
            phones = [TelegramPhone(service, *_place(one), options) for one in service.targets]
        case _:
            phones = [ApprisePhone(url, one) for one in each_target(lambda: service_of(url))]
    if len(phones) > 1:
        for number, phone in enumerate(phones, 1):
            phone.name += f" (target {number} of {len(phones)})"  # a topic or a chat is a secret
    return phones


def warm_up() -> None:
    """See registry."""
    apprise_phone.warm_up()


def fault_in_url(url: str) -> str | None:
    """See registry."""
    return address.fault_in_url(url, SENT)


def _place(target: Any) -> tuple[str, int | None]:
    """The id of a chat and a topic in it. An older Apprise gives the chat alone."""
    chat, topic = target if isinstance(target, tuple) else (target, None)
    return str(chat), topic
