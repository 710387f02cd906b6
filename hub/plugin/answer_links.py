"""Links by which somebody answers the visitor from a notification: `answers.links(event, by="anna")`."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from config import Settings
from hub.wire import topics
from hub.wire.event import Event

if TYPE_CHECKING:
    from hub.wire.answer_token import Signer

log = logging.getLogger(__name__)
LABELS = {"coming": "Coming", "leave_it": "Leave it at the door", "snooze": "Snooze 1 h"}
BY_LENGTH = 64


class Answer(NamedTuple):
    """One answer that may be given.

    Attributes:
        label: What a button says.
        answer: What `visitor.answered` will say.
        url: POST to it answers at once; GET shows a page with one button, so that a preview answers nothing.
    """

    label: str
    answer: str
    url: str


class _Office:
    """Where this process's links are made; the key is read when the first one is."""

    def __init__(self, settings: Settings, key: str | None = None) -> None:
        self.settings, self._key = settings, key
        self._seal: Signer | None = None
        self._lock = threading.Lock()

    @property
    def seal(self) -> "Signer":
        with self._lock:
            if self._seal is None:
                from hub.wire.answer_token import Signer, key_in  # noqa: PLC0415 - only who makes links carries what signs them

                self._seal = Signer(self._key or key_in(self.settings.state_dir))
            return self._seal


_office: _Office | None = None


def links(event: Event, by: str = "") -> list[Answer]:
    """The answers that may be given to a press, each with a link that is good for `[web] expire_s`.

    Args:
        event: The press, or what follows from it (its picture).
        by: Who gets these links, as `visitor.answered` will name them; 64 characters at most count.

    Returns:
        One for each answer; none when `[web] url` is not set, for a drill, or when the key cannot be read.
    """
    if _office is None or _office.settings.web.url is None or event.is_drill:
        return []
    from hub.wire.answer_token import issue  # noqa: PLC0415 - likewise

    settings = _office.settings
    press = event.id if event.type in topics.PRESSES else event.cause or event.id
    try:
        seal = _office.seal
    except OSError as error:
        log.warning("no answer links: the key cannot be read or written: %s", error)
        return []
    by = "".join(filter(str.isprintable, by))[:BY_LENGTH]  # as the hub takes it
    tickets = [issue(settings.hub, event.door, press, answer, by) for answer in LABELS]
    return [
        Answer(LABELS[one.answer], one.answer, f"{settings.web.url}/a/{seal.close(one)}")
        for one in tickets
    ]


def attach(settings: Settings) -> None:
    """Make links for this house in this process."""
    global _office  # noqa: PLW0603 - a process has one house
    _office = _Office(settings)


@contextmanager
def demo(url: str | None) -> Iterator[None]:
    """While this lasts, links lead there, signed with a key that is good for nothing else. For tests."""
    global _office  # noqa: PLW0603
    before = _office
    _office = (
        _Office(Settings(web={"url": url}), key="a key for tests that opens no house")
        if url
        else None
    )
    try:
        yield
    finally:
        _office = before
