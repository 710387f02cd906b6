"""A phone, by way of a notification service: told once, and told more where the service can change what it said."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

APPRISE = "apprise"  # its logger
Sent = dict[str, Any]  # JSON: what a service wants back to change a notification


class Button(NamedTuple):
    """Something that may be answered: POST to the URL does it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be told.

    Attributes:
        title: Of the notification.
        text: What it says when it is a notification of its own.
        update: What it says where it takes the place of the one before; `text` if empty.
        key: Which notification it is about: the press's id.
        picture: A JPEG.
        buttons: What may be answered.
        silent: It should wake nobody.
    """

    title: str
    text: str
    key: str
    update: str = ""
    picture: Path | None = None
    buttons: Sequence[Button] = ()
    silent: bool = False


class PhoneError(ConnectionError):
    """It was not told; in the service's own words, without secrets. Trying again later may help."""


class Phone(Protocol):
    """One service.

    Attributes:
        name: What people may read of it: no secret is in it.
        has_address: Whether it is on the network.
        can_be_silent: Whether it can be told without a sound.
        updates: Whether it changes what it said before; None: not known yet.
    """

    name: str
    has_address: bool
    can_be_silent: bool
    updates: bool | None

    def tell(self, note: Note, before: Sent | None = None) -> Sent | None:
        """Tell it, and wait until the service has taken it: at most about 10 seconds.

        Args:
            note: What to say.
            before: What the notification of the same key gave; it is changed then, if the service can.

        Returns:
            What is needed to change it; None when nothing is, or it cannot be changed.

        Raises:
            PhoneError: it does not take it.
        """

    def fault_in_reaching(self) -> str | None:
        """Why the service cannot be reached now; None when its host answers. It is told nothing."""
