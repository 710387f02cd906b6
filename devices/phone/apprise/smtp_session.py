"""What a mail server has answered: Apprise says only that it did not take a mail."""

import smtplib
import threading
from typing import NamedTuple

FIRST_ERROR = 400
FIRST_FINAL = 500
# The server does not know a command: the client goes on with another one (RFC 5321, 4.2.4).
OF_COMMANDS = (500, 501, 502, 503, 504)
OF_MAIL = ("mail", "rcpt", "data")  # there is no other one for these


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
    """The last refusal in this thread, None if there was none, and the last command."""

    refusal: Refusal | None = None
    command: str = ""


last = LastRefusal()
_getreply = smtplib.SMTP.getreply
_putcmd = smtplib.SMTP.putcmd


def _recorded(self: smtplib.SMTP) -> tuple[int, bytes]:
    code, text = _getreply(self)
    if code >= FIRST_ERROR and (code not in OF_COMMANDS or last.command in OF_MAIL):
        last.refusal = Refusal(code, text.decode(errors="replace"))
    return code, text


def _noted(self: smtplib.SMTP, cmd: str, args: str = "") -> None:
    last.command = cmd.partition(" ")[0].lower()
    _putcmd(self, cmd, args)


def record_refusals() -> None:
    """Keep the refusals of all mail servers of this process in `last`."""
    smtplib.SMTP.getreply = _recorded  # type: ignore[method-assign]
    smtplib.SMTP.putcmd = _noted  # type: ignore[method-assign]
