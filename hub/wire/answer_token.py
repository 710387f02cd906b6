"""Tickets: who holds one may answer one press in one way. Signed, so that nobody can make one but this house."""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

from hub.system import atomic_file

KEY_FILE = "answers.key"
KEY_BYTES = 32
AHEAD_S = 300.0  # a ticket from the future: a clock was set back; further than this it is none
FORGED = "this link is invalid or incomplete"
_SALT = "doorbell answer"  # a signature for one purpose is none for another


class ForgedError(ValueError):
    """This house has not signed it. Its text never quotes it."""


class ExpiredError(ValueError):
    """It was good once."""


class SignedToken(NamedTuple):
    """What the holder may say.

    Attributes:
        hub: To which hub.
        door: At which door.
        press: The id of the press that it answers.
        answer: What the answer is, like `coming`.
        by: Who was given the ticket; empty when nobody knows.
        id: The id of the event to be said, so that a ticket used twice is one event.
    """

    hub: str
    door: str
    press: str
    answer: str
    by: str
    id: str


def issue(hub: str, door: str, press: str, answer: str, by: str) -> SignedToken:
    """A ticket; the same for the same five, so that a notification sent twice has one and the same answer."""
    id_ = uuid.uuid5(uuid.NAMESPACE_URL, f"doorbell:{hub}:{door}:{press}:{answer}:{by}")
    return SignedToken(hub, door, press, answer, by, str(id_))


class Signer:
    """ButtonLeds tickets with the key of this house, and knows them again (HMAC-SHA-256, by itsdangerous)."""

    def __init__(self, key: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._serializer = URLSafeTimedSerializer(
            key,
            salt=_SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def close(self, ticket: SignedToken) -> str:
        """The ticket as text for a URL, with the time of this moment."""
        return str(self._serializer.dumps(ticket))

    def open(self, text: str, expire_s: float) -> SignedToken:
        """Read what `close` made no longer than so many seconds ago.

        Raises:
            ForgedError: it is not of this house, or damaged.
            ExpiredError: it is older.
        """
        try:
            found, signed_at = self._serializer.loads(text, return_timestamp=True)
        except BadData:
            raise ForgedError(FORGED) from None
        if not (
            isinstance(found, list)
            and len(found) == len(SignedToken._fields)
            and all(type(x) is str for x in found)
        ):
            raise ForgedError(FORGED)
        age_s = (self._now() - signed_at).total_seconds()
        if not -AHEAD_S <= age_s <= expire_s:
            raise ExpiredError("this link was good for a while, and no longer is")
        return SignedToken(*found)


def key_in(folder: Path) -> str:
    """The key of this house; made by the first process that needs it, and never again.

    Raises:
        OSError: it can neither be read nor written.
    """
    path = folder / KEY_FILE
    if not path.exists():
        atomic_file.create(path, f"{secrets.token_urlsafe(KEY_BYTES)}\n".encode(), 0o600)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < KEY_BYTES:
        raise OSError(
            f"{path} is damaged. Remove it: a new one is made, and links sent out before no longer work"
        )
    return key
