"""One address that leads to a living node of a cluster, as a load balancer's does."""

import itertools
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from tests.house import free_port
from tests.wire import PUBACK, packets

FAILURE = 0x80  # MQTT 5, 2.4: the first of the reason codes that are failures


class Address:
    """Leads each connection to the next node that takes it, and watches what passes.

    Attributes:
        port: Where clients find it.
        refused: How many PUBACKs were a refusal, by their reason code.
    """

    def __init__(self, node_ports: Sequence[int]) -> None:
        self.port = free_port()
        self.refused: Counter[int] = Counter()
        self._nodes = itertools.cycle(node_ports)
        self._number = len(node_ports)
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more; what is connected stays so."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            node = self._dial()
            if node is None:
                return
            with node:
                for end in (client, node):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                down = threading.Thread(target=self._pass_on, args=(node, client))
                down.start()
                self._pass_on(client, node)
                down.join()

    def _dial(self) -> socket.socket | None:
        for port in itertools.islice(self._nodes, self._number):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port))
        return None

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            for packet in packets(source):
                # A PUBACK of four bytes has no reason code: it is a success (MQTT 5, 3.4.2.1).
                if packet[0] >> 4 == PUBACK and len(packet) > 4 and packet[4] >= FAILURE:
                    self.refused[packet[4]] += 1
                sink.sendall(packet)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
