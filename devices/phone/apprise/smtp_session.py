"""What a mail server has answered: Apprise says only that it did not take a mail."""

import smtplib
import threading
from typing import NamedTuple

FIRST_ERROR = 400
FIRST_FINAL = 500
# The server does not know a command: the client goes on with another one (RFC 5321, 4.2.4).
OF_COMMANDS = (500, 501, 502, 503, 504)


class Refusal(NamedTuple):
    """A reply that refuses something (RFC 5321, 4.2).

    Attributes:
        code: 4yz for now, 5yz for good.
        text: The server's own words.
    """

    code: int
    text: str

    @property
    def is_final(self) -> bool:
        """Whether the server would refuse it at any time."""
        return self.code >= FIRST_FINAL


class LastRefusal(threading.local):
    """The last refusal in this thread; None if there was none."""

    refusal: Refusal | None = None


last = LastRefusal()
_getreply = smtplib.SMTP.getreply


def _recorded(self: smtplib.SMTP) -> tuple[int, bytes]:
    code, text = _getreply(self)
    if code >= FIRST_ERROR and code not in OF_COMMANDS:
        last.refusal = Refusal(code, text.decode(errors="replace"))
    return code, text


def record_refusals() -> None:
    """Keep the refusals of all mail servers of this process in `last`."""
    smtplib.SMTP.getreply = _recorded  # type: ignore[method-assign]
