"""A phone behind a notification service, what can be sent to it, and the person it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from devices.device_error import DeviceError
from devices.machine.daily_window import DailyWindow

APPRISE_LOGGER = "apprise"
Receipt = dict[str, Any]  # JSON: what a service needs in order to change a notification later


class ReplyButton(NamedTuple):
    """An answer that a person can give from the notification.

    Attributes:
        label: What the button says.
        url: A POST request to this address gives the answer; empty without `[web] url`.
        path: The same address below that of the page, for a browser that has the page.
    """

    label: str
    url: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to a phone.

    Attributes:
        title: Its headline.
        text: Its text, where it is a notification of its own.
        update: Its text, where it replaces the notification before it; `text` if empty.
        key: Which notification it belongs to: the id of the press.
        picture: The path of a JPEG file.
        buttons: The answers that can be given.
        silent: Whether it comes without a sound.
        is_picture: Whether it is sent for its picture alone. Without the picture, where a service
            takes none, it is not sent.
        is_follow_up: Whether it follows a ring. A phone that refused the ring does not get it.
        at: When that happened which it tells of.
        late: Its text, where the phone shows it only a minute after that, or later.
    """

    title: str
    text: str
    key: str
    update: str = ""
    picture: Path | None = None
    buttons: Sequence[ReplyButton] = ()
    silent: bool = False
    is_picture: bool = False
    is_follow_up: bool = False
    at: datetime | None = None
    late: str = ""

    @property
    def links(self) -> list[ReplyButton]:
        """The answers that can be given from everywhere, by an address."""
        return [button for button in self.buttons if button.url]


def is_jpeg(path: Path) -> bool:
    """Whether a file is a JPEG. Only pictures leave the house, whatever file an event names."""
    try:
        with path.open("rb") as file:
            return file.read(3) == b"\xff\xd8\xff"
    except OSError:
        return False


class PhoneError(DeviceError, ConnectionError):
    """The service did not take the notification. The text is the service's own, without secrets.

    It is not known whether another attempt helps: some are made.
    """


class PhoneAwayError(PhoneError):
    """The service cannot take a notification now: it is away, or wants to be left alone.

    Attributes:
        retry_after_s: Seconds that the service wants to be left alone; None if it says nothing.
        is_doubtful: Whether it may have taken the notification, and has only not answered.
    """

    def __init__(
        self, text: str, retry_after_s: float | None = None, *, is_doubtful: bool = False
    ) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        self.is_doubtful = is_doubtful


class PhoneRefusalError(PhoneError):
    """The service refuses this notification for good: another attempt would not help."""


class PhonePartlyError(PhoneRefusalError):
    """The service has taken the text, and not the rest: another attempt would tell it twice.

    Attributes:
        lacks_picture: Whether only the picture is missing.
        retry_after_s: See PhoneAwayError.
    """

    def __init__(
        self, text: str, *, lacks_picture: bool, retry_after_s: float | None = None
    ) -> None:
        super().__init__(text)
        self.lacks_picture = lacks_picture
        self.retry_after_s = retry_after_s


class Phone(Protocol):
    """One address at one notification service.

    Attributes:
        name: A name that can be shown: it contains no secret.
        has_address: Whether the service has a network address that can be tried.
        can_be_silent: Whether it can notify without a sound.
        updates: Whether it can change a notification that it has shown; None while that is unknown.
    """

    name: str
    has_address: bool
    can_be_silent: bool
    updates: bool | None

    def send(self, notification: Notification, previous: Receipt | None = None) -> Receipt | None:
        """Send a notification, and wait until the service has taken it: at most about 40 seconds.

        Args:
            notification: The message.
            previous: The receipt of the last message with the same key. The service changes that
                notification if it can.

        Returns:
            A receipt for changing this notification; None if it needs none, or cannot be changed.

        Raises:
            PhoneAwayError: The service did not take it. Another attempt later may succeed.
            PhoneRefusalError: It refuses it for good.
            PhonePartlyError: It has taken the text, and not the rest.
            PhoneError: It did not take it, and it is not known which of the two it is.
        """

    def fault_in_reaching(self) -> str | None:
        """Check the connection to the service without sending anything.

        Returns:
            Why the service cannot be reached; None if it answers or has no address to try.
        """


@dataclass(frozen=True)
class Recipient:
    """A person and their phones.

    Attributes:
        name: The name in the settings; empty for the addresses that belong to nobody in particular.
        phones: Every notification goes to all of them.
        doors: The doors that concern this person; None for all.
        after_s: Seconds to wait for an answer before this person is notified; 0 for at once.
        quiet: The hours in which no notification may make a sound.
    """

    name: str
    phones: Sequence[Phone]
    doors: Sequence[str] | None = None
    after_s: float = 0.0
    quiet: DailyWindow | None = None

    def sleeps(self, now: datetime) -> bool:
        """Whether this local time lies in the person's quiet hours."""
        return self.quiet is not None and self.quiet.contains(now.time())

    def wakes_in_s(self, now: datetime) -> float:
        """Seconds until the person's quiet hours end; 0 if there are none.

        Args:
            now: The local time, with its zone.
        """
        return self.quiet.remaining_s(now) if self.quiet else 0.0
