"""Signed tokens: the holder of one may answer one press in one way. Only this house can sign."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from hub.wire.tokens.timed_signer import INVALID, ForgedError, TimedSigner, present_time

_SALT = "doorbell answer"


class SignedToken(NamedTuple):
    """What the holder may answer.

    Attributes:
        hub: The hub that takes the answer.
        door: The door of the visitor.
        press: The id of the press that it answers.
        answer: Like `coming`.
        by: The person who was given the token; empty when that is not known.
        id: Becomes the id of the event, so that a token used twice is one event.
    """

    hub: str
    door: str
    press: str
    answer: str
    by: str
    id: str


def issue(hub: str, door: str, press: str, answer: str, by: str) -> SignedToken:
    """Make a token; it is the same for the same arguments, however often a notification is sent."""
    id_ = uuid.uuid5(uuid.NAMESPACE_URL, f"doorbell:{hub}:{door}:{press}:{answer}:{by}")
    return SignedToken(hub, door, press, answer, by, str(id_))


class Signer:
    """Signs tokens with the key of this house, and verifies them."""

    def __init__(self, key: str, now: Callable[[], datetime] = present_time) -> None:
        self._signer = TimedSigner(key, _SALT, now)

    def sign(self, token: SignedToken) -> str:
        """The token as text for a URL, with the present time."""
        return self._signer.sign(token)

    def verify(self, text: str, expire_s: float) -> SignedToken:
        """The token in a signed text; see `TimedSigner.verify`."""
        found = self._signer.verify(text, expire_s)
        if not (
            isinstance(found, list)
            and len(found) == len(SignedToken._fields)
            and all(type(x) is str for x in found)
        ):
            raise ForgedError(INVALID)
        return SignedToken(*found)
