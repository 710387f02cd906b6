"""Whether the services of people's phones take the links of answers as buttons."""

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from config import Settings
from devices.phone import PhoneSettings
from hub.plugin.loader import HandlerFile

TELEGRAM = "tgram"


def hints(files: Collection[HandlerFile], settings: Settings) -> Iterator[str]:
    """A line for each handler whose Telegram messages come without buttons.

    Telegram takes no address whose host has no dot. It checks that itself, and may do so otherwise.

    Args:
        files: The handler files that are not switched off.
        settings: Those of the house; `[web] url` is where the links lead.
    """
    host = urlsplit(settings.web.url or "").hostname or ""
    if not host or "." in host or ":" in host:
        return
    for file in files:
        if isinstance(file.config, PhoneSettings) and _uses_telegram(file.config):
            yield (
                f"{file.name}: Telegram takes no buttons with the host {host} of [web] url. "
                "Write one with a dot, like an IP address."
            )


def _uses_telegram(settings: PhoneSettings) -> bool:
    people = settings.recipients.values()
    urls = [*settings.urls, *(url for person in people for url in person.urls)]
    schemes = {url.get_secret_value().strip().partition("://")[0].lower() for url in urls}
    return TELEGRAM in schemes
