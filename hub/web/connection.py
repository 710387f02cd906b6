"""One connection of a client, in which everything has its time.

There are few connections. uvicorn's own limit ends with each byte that comes, so that a client that
sends one now and then could keep a connection for ever.
"""

import asyncio
import socket
from collections import Counter
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0  # for the head of a request, from the connection or from the last response on
REQUEST_S = 30.0  # from the head of a request to the end of its response, in a stranger's hands
STALL_S = 30.0  # for the next 48 KiB of a response that a logged-in phone reads
ASLEEP_S = 1.0  # and where the process is to end
VANISHED_MS = 60_000  # without an acknowledgement of what was sent: tcp(7)
STRANGERS = 64  # connections that carry no request of a logged-in phone


class Connection(H11Protocol):
    """Closes itself when a request takes too long.

    Responses to logged-in phones have no end of their own: events, the live picture, downloads.
    They only have to be read, and end when the phone is logged out. The rooms bound their number,
    and so does the guard.

    Where there are too many connections, the oldest one that only waits for its client makes room
    for a new one, and first one of the address that has most. Where none waits at this moment the
    oldest one goes. So a newcomer is served, however many others hold connections.
    """

    _since_s = 0.0
    _phase: tuple[object, bool] = (None, True)
    _paused_s: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See H11Protocol."""
        super().connection_made(transport)
        self._since_s = self.loop.time()
        link = transport.get_extra_info("socket")
        if link is not None and link.family != socket.AF_UNIX:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MS)
        self._make_room()

    def pause_writing(self) -> None:
        """See H11Protocol: the client does not read."""
        super().pause_writing()
        self._paused_s = self.loop.time()

    def resume_writing(self) -> None:
        """See H11Protocol: it has read 48 KiB (asyncio's marks are 64 and 16)."""
        super().resume_writing()
        self._paused_s = None

    def shutdown(self) -> None:
        """See H11Protocol: a phone that sleeps over a live picture does not hold up the end."""
        if self._has_stalled(ASLEEP_S):
            self.drop()
        super().shutdown()

    def check(self) -> None:
        """Close it if its time is over; called twice a second."""
        now = self.loop.time()
        self._look(now)
        is_logged_out = self.is_of_phone and not self.scope["state"]["is_known"]()
        if is_logged_out or self._has_stalled(STALL_S) or now - self._since_s > self._limit_s:
            self.drop()

    def drop(self) -> None:
        """Close it at once. What the client has not read is lost."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client's turn to send or to read."""
        return self._is_idle or self.cycle.more_body or self._paused_s is not None

    @property
    def is_of_phone(self) -> bool:
        """Whether a request of somebody who is logged in is under way, as the guard has noted."""
        return not self._is_idle and "is_known" in self.scope["state"]

    def _has_stalled(self, limit_s: float) -> bool:
        """Whether the client has read nothing for so long, although there is something."""
        return self._paused_s is not None and self.loop.time() - self._paused_s > limit_s

    @property
    def _is_idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def _limit_s(self) -> float:
        if self._is_idle and not self.transport.get_write_buffer_size():
            return HEAD_S
        if self.is_of_phone and not self.cycle.more_body:
            return float("inf")
        return REQUEST_S

    def _look(self, now: float) -> None:
        """Notice that another request, or another pause between two, has begun."""
        phase = (self.cycle, self._is_idle)
        if phase != self._phase:
            self._phase = phase
            self._since_s = now

    def _make_room(self) -> None:
        known: set[Any] = self.connections
        strangers = [
            one
            for one in known
            if isinstance(one, Connection)
            and not one.is_of_phone
            and not one.transport.is_closing()
        ]
        if len(strangers) <= STRANGERS:
            return
        crowds = Counter(_address(one) for one in strangers)
        others = [one for one in strangers if one is not self]
        waiting = [one for one in others if one.waits_for_client] or others
        victim = min(waiting, key=lambda one: (-crowds[_address(one)], one._since_s))  # noqa: SLF001
        victim.drop()


def _address(connection: Connection) -> str:
    return connection.client[0] if connection.client else ""
