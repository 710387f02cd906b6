"""The socket on which doorbell-web listens."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from config import Settings
from config.tables.web import Web
from hub.process.page_address import port_file, running_port
from hub.store.state import StateError
from hub.system.files import atomic_file

ANY = 0


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Listen where the settings say.

    Under `doorbell run` any free port is taken if the usual one is in use, where no other is set:
    two runs do not collide. Other commands find it in a file.

    Raises:
        StateError: the address or port cannot be had.
    """
    web = settings.web
    is_of_a_run = "DOORBELL_SUPERVISED" in os.environ
    ports = [web.port]
    if is_of_a_run and web.port == Web.model_fields["port"].default:
        ports = [running_port(settings) or web.port, web.port, ANY]
    with _bound(web.listen, ports) as listener:
        if is_of_a_run:
            port = listener.getsockname()[1]
            atomic_file.write(port_file(settings), str(port).encode(), 0o640)
        yield listener


def _bound(address: str, ports: list[int]) -> socket.socket:
    """A socket on the first of these ports that is free."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in ports:
        listener = socket.socket(family)  # another one for each try: one that is bound stays so
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
            # Others find out here, not before: two sockets may be bound to a port (socket(7)).
            listener.listen()
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and port != ports[-1]:
                continue
            reason = error.strerror or str(error)
            raise StateError(
                f"[web] cannot listen on {address} port {port}: {reason}. Set another one"
            ) from None
        return listener
    raise StateError("[web] no port to listen on")
