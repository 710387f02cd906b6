"""Signed tokens: the holder of one may answer one press in one way. Only this house can sign."""

import hashlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

AHEAD_S = 300.0  # a token may be so much from the future, because a clock was set back
INVALID = "this link is invalid or incomplete"
_SALT = "doorbell answer"  # a signature for another purpose is invalid here


class ForgedError(ValueError):
    """This house did not sign the token. The text never quotes the token."""


class ExpiredError(ValueError):
    """The token was valid once."""


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
    """Signs tokens with the key of this house, and verifies them (HMAC-SHA-256, itsdangerous)."""

    def __init__(self, key: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._serializer = URLSafeTimedSerializer(
            key,
            salt=_SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, token: SignedToken) -> str:
        """The token as text for a URL, with the present time."""
        return str(self._serializer.dumps(token))

    def verify(self, text: str, expire_s: float) -> SignedToken:
        """Read a signed token.

        Args:
            text: From `sign`.
            expire_s: How many seconds it is valid.

        Raises:
            ForgedError: this house did not sign it, or it is damaged.
            ExpiredError: it is older.
        """
        try:
            found, signed_at = self._serializer.loads(text, return_timestamp=True)
        except BadData:
            raise ForgedError(INVALID) from None
        if not (
            isinstance(found, list)
            and len(found) == len(SignedToken._fields)
            and all(type(x) is str for x in found)
        ):
            raise ForgedError(INVALID)
        age_s = (self._now() - signed_at).total_seconds()
        if not -AHEAD_S <= age_s <= expire_s:
            raise ExpiredError("this link has expired")
        return SignedToken(*found)
