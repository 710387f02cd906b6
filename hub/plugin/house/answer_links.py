"""Links in a notification that answer the visitor: `answers.links(event, by="anna")`."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from config import Settings
from devices.words import gettext
from hub.wire import topics
from hub.wire.command import BY_LENGTH
from hub.wire.event import Event
from hub.wire.tokens.house_key import key_in

if TYPE_CHECKING:
    from hub.wire.tokens.answer_token import Signer

log = logging.getLogger(__name__)
LABELS = {"coming": "Coming", "leave_it": "Leave it at the door", "snooze": "Snooze 1 h"}


class Answer(NamedTuple):
    """One possible answer.

    Attributes:
        label: The text of a button.
        answer: The answer in `visitor.answered`.
        url: POST to it answers at once. GET shows a page with one button, so that a preview
            answers nothing. Empty without a `[web] url`.
        path: The same address below that of the page.
    """

    label: str
    answer: str
    url: str
    path: str


class _LinkMaker:
    """Makes the links of this process. It reads the key for the first one."""

    def __init__(self, settings: Settings, key: str | None = None) -> None:
        self.settings = settings
        self._key = key
        self._signer: Signer | None = None
        self._lock = threading.Lock()

    @property
    def signer(self) -> "Signer":
        with self._lock:
            if self._signer is None:
                from hub.wire.tokens.answer_token import Signer  # noqa: PLC0415 - for links only

                self._signer = Signer(self._key or key_in(self.settings.state_dir))
            return self._signer


_maker: _LinkMaker | None = None


def links(event: Event, by: str = "", *, on_page: bool = False) -> list[Answer]:
    """The possible answers to a press, each with a link that is valid for `[web] expire_s`.

    Args:
        event: The press, or an event that follows from it, like its picture.
        by: The person who gets these links, as `visitor.answered` names them; the first 64
            characters count.
        on_page: Whether a browser that has the page may get them: it needs no `[web] url`.

    Returns:
        One for each answer; none without a `[web] url`, for a drill, or without a readable key.
    """
    if _maker is None or event.is_drill:
        return []
    base = _maker.settings.web.url
    if base is None and not on_page:
        return []
    from hub.wire.tokens.answer_token import issue  # noqa: PLC0415 - for links only

    settings = _maker.settings
    is_press = event.type in topics.PRESSES
    press = event.id if is_press or not event.cause else event.cause
    try:
        signer = _maker.signer
    except OSError as error:
        log.warning("no answer links: the key cannot be read or written: %s", error)
        return []
    by = "".join(filter(str.isprintable, by))[:BY_LENGTH]  # as the hub takes it
    tokens = [issue(settings.hub, event.door, press, answer, by) for answer in LABELS]
    paths = [f"a/{signer.sign(token)}" for token in tokens]
    return [
        Answer(gettext(LABELS[token.answer]), token.answer, f"{base}/{path}" if base else "", path)
        for token, path in zip(tokens, paths, strict=True)
    ]


def attach(settings: Settings) -> None:
    """Make links for this house in this process."""
    global _maker  # noqa: PLW0603 - a process has one house
    _maker = _LinkMaker(settings)


@contextmanager
def demo(url: str | None) -> Iterator[None]:
    """For tests: meanwhile links lead to this address, signed with a key of no house."""
    global _maker  # noqa: PLW0603
    before = _maker
    _maker = None
    if url:
        _maker = _LinkMaker(Settings(web={"url": url}), key="a key for tests that opens no house")
    try:
        yield
    finally:
        _maker = before
