"""Signed tokens for one picture: the holder may see that of one press, for a day."""

import hashlib

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from hub.wire.tokens.answer_token import INVALID, ExpiredError, ForgedError

VALID_S = 86_400 + 3600  # a push service keeps a message for a day
_SALT = "doorbell picture"  # a signature for another purpose is invalid here


class PictureSigner:
    """Signs and verifies with the key of this house (HMAC-SHA-256, itsdangerous)."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeTimedSerializer(
            key,
            salt=_SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, press: str) -> str:
        """A token for the picture of this press, as text for a URL."""
        return str(self._serializer.dumps(press))

    def verify(self, text: str) -> str:
        """The id of the press whose picture may be seen.

        Raises:
            ForgedError: this house did not sign it, or it is damaged.
            ExpiredError: it is older than a day.
        """
        try:
            press = self._serializer.loads(text, max_age=VALID_S)
        except SignatureExpired:
            raise ExpiredError("this picture's address has expired") from None
        except BadData:
            raise ForgedError(INVALID) from None
        if not isinstance(press, str):
            raise ForgedError(INVALID)
        return press
