"""Opens the phones behind a notification address."""

from types import ModuleType

from devices.lazy_module import load_when_used
from devices.phone.phone import Phone


def open_phones(url: str) -> list[Phone]:
    """Open the phones behind one Apprise URL: one for each topic or chat, as each may fail alone.

    Args:
        url: For example `ntfy://ntfy.sh/my-door` (https://github.com/caronc/apprise/wiki).

    Raises:
        ValueError: No notification service has such a URL.
    """
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
    fault: str | None = _services().fault_in_url(url)
    return fault


def _services() -> ModuleType:
    """The services, which only processes with a phone pay for."""
    load_when_used("asyncio")  # 1.5 MB; Apprise imports it, and few of its services need it
    from devices.phone import services  # noqa: PLC0415

    return services
