"""Opens the phones behind a notification address."""

from typing import Any

from devices.phone.phone import Phone


def open_phones(url: str) -> list[Phone]:
    """Open the phones behind one Apprise URL: one for each topic or chat, as each may fail alone.

    Args:
        url: For example `ntfy://ntfy.sh/my-door` (https://github.com/caronc/apprise/wiki).

    Raises:
        ValueError: No notification service has such a URL.
    """
    # Apprise takes 30 MB, which only processes with a phone pay for.
    from devices.phone.address import options_in  # noqa: PLC0415
    from devices.phone.apprise import ApprisePhone, service_of  # noqa: PLC0415
    from devices.phone.ntfy import NtfyPhone  # noqa: PLC0415
    from devices.phone.telegram import TelegramPhone  # noqa: PLC0415

    service = service_of(url)
    options = options_in(url, service)
    match type(service).__name__:
        case "NotifyNtfy":
            return [NtfyPhone(service, topic, options) for topic in service.topics]
        case "NotifyTelegram":
            return [TelegramPhone(service, *_place(one), options) for one in service.targets]
    return [ApprisePhone(url, service)]


def warm_up() -> None:
    """Load all that the first notification needs; see `devices.phone.apprise`."""
    from devices.phone import apprise  # noqa: PLC0415 - see open_phones

    apprise.warm_up()


def fault_in_url(url: str) -> str | None:
    """Check a notification address without sending anything.

    Returns:
        What is wrong, without the URL, which may contain a secret; None if it is a service's URL,
        and all that it says is sent.
    """
    from devices.phone import apprise  # noqa: PLC0415 - see open_phones
    from devices.phone.ntfy import NTFY_OPTIONS  # noqa: PLC0415
    from devices.phone.telegram import TELEGRAM_OPTIONS  # noqa: PLC0415

    return apprise.fault_in_url(
        url, {"NotifyNtfy": NTFY_OPTIONS, "NotifyTelegram": TELEGRAM_OPTIONS}
    )


def _place(target: Any) -> tuple[str, int | None]:
    """The id of a chat and a topic in it. Apprise before 1.9.4 gives the chat alone."""
    chat, topic = target if isinstance(target, tuple) else (target, None)
    return str(chat), topic
