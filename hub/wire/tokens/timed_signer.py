"""Signs what leaves the house and comes back within a time: only this house can sign."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

AHEAD_S = 300.0  # a token may be so much from the future, because a clock was set back
INVALID = "this link is invalid or incomplete"


class ForgedError(ValueError):
    """This house did not sign the token. The text never quotes the token."""


class ExpiredError(ValueError):
    """The token was valid once."""


def present_time() -> datetime:
    """In UTC."""
    return datetime.now(UTC)


class TimedSigner:
    """Signs with the key of this house, and verifies (HMAC-SHA-256, itsdangerous).

    Args:
        key: The key of the house.
        salt: The purpose. A signature for another one is invalid.
        now: Tells the time.
    """

    def __init__(self, key: str, salt: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self._serializer = URLSafeTimedSerializer(
            key,
            salt=salt,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, value: Any) -> str:
        """The value, as JSON, and the present time as text for a URL."""
        return str(self._serializer.dumps(value))

    def verify(self, text: str, expire_s: float) -> Any:
        """The value in a signed text.

        Args:
            text: From `sign`.
            expire_s: How many seconds it is valid.

        Raises:
            ForgedError: this house did not sign it, or it is damaged.
            ExpiredError: it is older.
        """
        try:
            value, signed_at = self._serializer.loads(text, return_timestamp=True)
        except BadData:
            raise ForgedError(INVALID) from None
        age_s = (self._now() - signed_at).total_seconds()
        if not -AHEAD_S <= age_s <= expire_s:
            raise ExpiredError("this link has expired")
        return value
