"""Logs under systemd: to journald, with fields beside the text, so that an event can be followed.

The form is the Native Journal Protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of
`NAME=value` lines.
"""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from hub.system.log.log_format import PlainFormatter
from hub.system.log.visible import visible

SOCKET = Path("/run/systemd/journal/socket")
LONGEST = 60_000  # in characters; a datagram has its limit
PRIORITIES = (  # syslog(3): err, warning, info
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
)
DEBUG = 7
_event: ContextVar[str] = ContextVar("event in hand", default="")


@contextmanager
def about(event_id: str) -> Iterator[None]:
    """What is logged inside this block is about this event."""
    token = _event.set(event_id)
    try:
        yield
    finally:
        _event.reset(token)


def is_wanted() -> bool:
    """Whether standard error is connected to journald ($JOURNAL_STREAM, systemd.exec(5))."""
    wanted = os.environ.get("JOURNAL_STREAM", "")
    if not wanted:
        return False
    stderr = os.fstat(sys.stderr.fileno())
    return wanted == f"{stderr.st_dev}:{stderr.st_ino}"


class JournaldHandler(logging.Handler):
    """Sends records to journald; what its socket refuses goes to standard error with a priority."""

    def __init__(self, name: str, address: Path = SOCKET) -> None:
        super().__init__()
        self.setFormatter(PlainFormatter("%(message)s"))
        self._name = visible(name)
        self._address = str(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        message = self.format(record)[:LONGEST]
        fields = {
            "MESSAGE": message,
            "PRIORITY": str(_priority(record)),
            "SYSLOG_IDENTIFIER": f"doorbell-{self._name}",
            "DOORBELL_PROCESS": self._name,
            "DOORBELL_EVENT": visible(str(getattr(record, "event", "") or _event.get())),
            "LOGGER": visible(record.name),
        }
        datagram = b"".join(_field(name, value) for name, value in fields.items() if value)
        try:
            self._socket.sendto(datagram, self._address)
        except OSError:
            prefix = f"<{fields['PRIORITY']}>"  # sd-daemon(3)
            sys.stderr.write("".join(f"{prefix}{line}\n" for line in message.split("\n")))
            sys.stderr.flush()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def _priority(record: logging.LogRecord) -> int:
    return next((priority for level, priority in PRIORITIES if record.levelno >= level), DEBUG)


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
