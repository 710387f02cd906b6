"""Signed tokens for one picture: the holder may see that of one press, for a day."""

from collections.abc import Callable
from datetime import datetime

from hub.wire.tokens.timed_signer import INVALID, ForgedError, TimedSigner, present_time

VALID_S = 86_400 + 3600  # a push service keeps a message for a day
_SALT = "doorbell picture"


class PictureSigner:
    """Signs and verifies with the key of this house."""

    def __init__(self, key: str, now: Callable[[], datetime] = present_time) -> None:
        self._signer = TimedSigner(key, _SALT, now)

    def sign(self, press: str) -> str:
        """A token for the picture of this press, as text for a URL."""
        return self._signer.sign(press)

    def verify(self, text: str) -> str:
        """The id of the press whose picture may be seen; see `TimedSigner.verify`."""
        press = self._signer.verify(text, VALID_S)
        if not isinstance(press, str):
            raise ForgedError(INVALID)
        return press
