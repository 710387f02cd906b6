"""What a messenger knows of events and of the hub: the parts that it uses."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Protocol

from devices.machine.moment import Seen
from devices.phone.webpush.sender import PageLinks


class Occasion(Seen, Protocol):
    """What a message follows from: a `hub.Event`."""

    @property
    def id(self) -> str:
        """Its id; another attempt has the same one."""

    @property
    def type(self) -> str:
        """What happened, like `doorbell.pressed`."""

    @property
    def door(self) -> str:
        """Where it happened."""

    @property
    def cause(self) -> str | None:
        """The id of the event that it follows from: of a picture, its press."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What else there is to know."""

    def age_s(self) -> float:
        """Seconds since it happened."""


class Link(Protocol):
    """An answer that a person can give: one of `hub.answers.links`."""

    @property
    def label(self) -> str:
        """What the button says."""

    @property
    def url(self) -> str:
        """A POST request to this address gives the answer; empty without `[web] url`."""

    @property
    def path(self) -> str:
        """The same address below that of the page."""


class AnswerLinks(Protocol):
    """What is used of `hub.answers`."""

    @property
    def links(self) -> Callable[..., Iterable[Link]]:
        """Gives the answers to an event, for one person."""


class HandlerApi(Protocol):
    """What is used of `hub`."""

    @property
    def page(self) -> PageLinks:
        """What phones that have the page need."""

    @property
    def answers(self) -> AnswerLinks:
        """The answers that a person can give."""

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """JSON values by key, which survive the process."""

    @property
    def checkpoint(self) -> Callable[[], None]:
        """Commits the memory and the timers."""

    @property
    def later(self) -> Callable[..., None]:
        """Delivers an event to the same handler later."""
