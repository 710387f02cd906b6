"""Opens the phones behind a notification address."""

import re
from collections.abc import Callable
from types import ModuleType

from devices.lazy_module import load_when_used
from devices.phone.phone import Phone

OnPage = Callable[[str], Phone]
WEB_PUSH = "webpush"
PAGE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # it is a level of topics


def open_phones(url: str, on_page: OnPage | None = None) -> list[Phone]:
    """Open the phones behind one Apprise URL: one for each target, as each may fail alone.

    Args:
        url: For example `ntfy://ntfy.sh/my-door` (https://github.com/caronc/apprise/wiki), or
            `webpush://annas-phone` for a phone with the page.
        on_page: Gives the phone with this name on the page.

    Raises:
        ValueError: No notification service has such a URL, or there is no page.
    """
    if name := name_on_page(url):
        if on_page is None:
            raise ValueError("this handler has no page")
        return [on_page(name)]
    phones: list[Phone] = _services().open_phones(url)
    return phones


def warm_up() -> None:
    """Load all that the first notification needs; see `devices.phone.apprise`."""
    _services().warm_up()


def fault_in_url(url: str) -> str | None:
    """Check a notification address without sending anything.

    Returns:
        What is wrong, without the URL, which may contain a secret; None if it is a service's URL,
        and all that it says is sent.
    """
    if name := name_on_page(url):
        is_one = PAGE_NAME.fullmatch(name)
        return None if is_one else "is not webpush:// and the name of a phone on the page"
    fault: str | None = _services().fault_in_url(url)
    return fault


def name_on_page(url: str) -> str:
    """The name in `webpush://NAME`, of a phone with the page; empty for all other services."""
    scheme, _, name = url.strip().partition("://")
    return name.rstrip("/") or "?" if scheme.lower() == WEB_PUSH else ""


def _services() -> ModuleType:
    """The services, which only processes with a phone pay for."""
    load_when_used("asyncio")  # 1.5 MB; Apprise imports it, and few of its services need it
    from devices.phone import services  # noqa: PLC0415

    return services
