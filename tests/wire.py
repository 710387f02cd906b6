"""A wire between a client and its broker that can be cut, and that can swallow packets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.house import free_port

SUBACK, PUBACK, PUBLISH = 9, 4, 3  # MQTT 5, 2.1.2
TO_BROKER, TO_CLIENT = "to the broker", "to the client"


class Wire:
    """Passes MQTT packets on between whoever connects to `port` and the broker.

    Attributes:
        edit: Gets each packet on its way to the client, and gives what shall arrive.
        watch: Is shown the direction of each packet and the packet, before it passes.
        cut: Directions in which nothing passes, while both ends believe that they are connected.
    """

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self.edit: Callable[[bytes], bytes] = lambda packet: packet
        self.watch: Callable[[str, bytes], None] = lambda _, __: None
        self.cut: set[str] = set()
        self.connections = 0
        self._ends: list[socket.socket] = []
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection, and accept no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.sever()

    def sever(self) -> None:
        """End every connection; new ones are welcome."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    broker = socket.create_connection(("127.0.0.1", self._broker_port))
                except OSError:
                    client.close()
                    continue
                self.connections += 1
                self._ends += [client, broker]
                for end in (client, broker):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, sink, direction in (
                    (client, broker, TO_BROKER),
                    (broker, client, TO_CLIENT),
                ):
                    threading.Thread(
                        target=self._pass_on, args=(source, sink, direction), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        with suppress(OSError):
            for packet in packets(source):
                self.watch(direction, packet)
                passed = self.edit(packet) if direction == TO_CLIENT else packet
                if direction not in self.cut:
                    sink.sendall(passed)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def without(packet_type: int) -> Callable[[bytes], bytes]:
    """Swallows these packets."""
    return lambda packet: b"" if packet[0] >> 4 == packet_type else packet


@contextmanager
def wire_to(broker_port: int) -> Iterator[Wire]:
    """A wire to this broker; it is cut at the end."""
    wire = Wire(broker_port)
    try:
        yield wire
    finally:
        wire.close()


def packets(source: socket.socket) -> Iterator[bytes]:
    """Whole packets: the length takes 1 to 4 bytes of 7 bits each (MQTT 5, 2.1.4 and 1.5.5)."""
    held = b""
    while data := source.recv(65536):
        held += data
        while (size := _size(held)) and len(held) >= size:
            yield held[:size]
            held = held[size:]


def _size(held: bytes) -> int:
    """Of the first packet, in bytes; 0 while its header is not complete."""
    length = 0
    for number, byte in enumerate(held[1:5]):
        length |= (byte & 0x7F) << 7 * number
        if byte < 0x80:
            return 2 + number + length
    return 0
