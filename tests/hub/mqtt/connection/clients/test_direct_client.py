"""What the client makes of the bytes that a broker sends, however they are cut."""

import select
import socket
import threading
import time
from collections import Counter
from contextlib import closing

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.consumer.deadline import Overdue
from hub.mqtt.connection.clients import direct_client
from hub.mqtt.connection.clients.direct_client import GATHERED_BYTES, READ_BYTES, DirectClient
from hub.mqtt.connection.clients.packets import PUBACK, bounds
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE
from hub.mqtt.connection.turn import Turn
from tests.forked import PATIENCE_S
from tests.house import until

ROUNDS = 15
SIZE = 200_000
FEW = 5
HUGE = 50_000_000
PIECE = bytes(READ_BYTES)


class Line:
    """A client that is connected, and the broker's end of its connection."""

    def __init__(self, protocol):
        self.heard = []
        self.client = DirectClient(
            CallbackAPIVersion.VERSION2, "", protocol=protocol, manual_ack=True, turn=Turn()
        )
        self.client.on_message = self._hear
        self.client._sock, self.broker = socket.socketpair()
        self.client._sock.setblocking(False)
        self.broker.settimeout(PATIENCE_S)

    def _hear(self, client, _, message):
        self.heard.append((message.topic, message.payload, message.dup))
        client.ack(message.mid, message.qos)

    def send(self, data):
        """Have the client read this at once; gives whether the connection goes on."""
        self.broker.sendall(data)
        self.client.wake()
        return self.client.serve(PATIENCE_S)

    def acknowledged(self):
        """What the broker has got, once the client has looked at the connection again."""
        self.client.flush()
        return self.broker.recv(100)

    def close(self):
        self.client._sock_close()
        self.broker.close()
        self.client.close()


@pytest.fixture(params=[MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
def line(request):
    with closing(Line(request.param)) as made:
        yield made


def _publish(line, number, payload, *, qos=1, dup=False):
    properties = b"\0" if line.client.protocol == MQTTProtocolVersion.MQTTv5 else b""
    id_ = number.to_bytes(2, "big") if qos else b""
    return _packet(0x30 | qos << 1 | dup << 3, b"\0\3a/b" + id_ + properties + payload)


def _packet(header, content):
    return bytes([header]) + _length(len(content)) + content


def _length(number):
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


def test_messages_that_are_published_together_leave_in_one_piece(line):
    """Each piece wakes the broker. What another thread publishes meanwhile does not wait."""
    piece = len(_publish(line, 1, b"one"))
    with line.client.together():
        line.client.publish("a/b", b"one", 1)
        line.client.publish("a/b", b"two", 1)
        assert not select.select([line.broker], [], [], 0)[0]
        live = threading.Thread(target=line.client.publish, args=("a/b", b"now", 1))
        live.start()
        live.join()
        assert len(line.broker.recv(1000)) == 3 * piece
        line.client.publish("a/b", b"end", 1)
    assert line.broker.recv(1000).endswith(b"end")


def test_much_that_is_published_together_is_sent_before_the_end(line):
    """It fills no memory."""
    with line.client.together():
        for _ in range(3):
            line.client.publish("a/b", bytes(GATHERED_BYTES // 2), 1)
        assert len(line.broker.recv(GATHERED_BYTES)) > 0
        assert not line.client._unsent


def _acknowledgements(*numbers):
    return b"".join(bytes([PUBACK, 2]) + number.to_bytes(2, "big") for number in numbers)


def test_wherever_packets_are_cut_each_is_heard_once_and_acknowledged(line):
    """Also one that the broker sends again, and one that paho reads."""
    stream = (
        _publish(line, 1, b"x" * 300)
        + _publish(line, 1, b"again", dup=True)
        + _packet(0xD0, b"")  # PINGRESP
        + _publish(line, 0, b"", qos=0)
        + _publish(line, 2, b"last")
    )
    for cut in range(1, len(stream)):
        line.heard.clear()
        assert line.send(stream[:cut])
        assert line.send(stream[cut:])
        said = [("a/b", b"x" * 300, False), ("a/b", b"again", True)]
        assert line.heard == [*said, ("a/b", b"", False), ("a/b", b"last", False)]
        assert line.acknowledged() == _acknowledgements(1, 1, 2)


def test_a_message_larger_than_what_we_read_costs_neither_memory_nor_the_connection(line):
    """Anybody could publish one. It is acknowledged, or no other would come, and not heard."""
    whole = _publish(line, 7, b"")
    head = whole[:1] + _length(HUGE) + whole[2:]
    assert line.send(head)
    left = HUGE - (len(whole) - 2)
    while left:
        piece = PIECE[:left]
        left -= len(piece)
        assert line.send(piece)
        assert len(line.client._incoming._unread) < MAXIMUM_PACKET_SIZE
    assert line.send(_publish(line, 8, b"next"))
    assert line.heard == [("a/b", b"next", False)]
    assert line.acknowledged() == _acknowledgements(7, 8)


def test_a_message_as_large_as_what_we_read_is_heard(line):
    """It comes in many pieces."""
    frame = len(_publish(line, 7, b"")) + 2
    whole = _publish(line, 7, bytes(MAXIMUM_PACKET_SIZE - frame))
    assert len(whole) == MAXIMUM_PACKET_SIZE
    for start in range(0, len(whole), 1000):
        assert line.send(whole[start : start + 1000])
    assert [len(payload) for _, payload, _ in line.heard] == [MAXIMUM_PACKET_SIZE - frame]


@pytest.mark.parametrize("reason", [0x01, 0x55, 0x9F])
def test_a_reason_that_no_puback_has_ends_the_connection_in_order(line, reason):
    """It is no MQTT (MQTT 5, 3.4.2.1), and no fault of ours."""
    line.client.publish("a/b", b"x", 1)
    assert not line.send(_packet(PUBACK, b"\0\1" + bytes([reason])))


def test_an_exception_in_a_callback_costs_the_connection_and_no_thread(line, caplog):
    """The thread may be that of a handler, and paho raises what a callback raises."""

    def fail(*_):
        raise RuntimeError("boom")

    line.client.on_subscribe = fail
    five = line.client.protocol == MQTTProtocolVersion.MQTTv5
    assert not line.send(_packet(0x90, b"\0\1" + (b"\0" if five else b"") + b"\1"))
    assert "boom" in caplog.text


def test_what_is_interrupted_while_it_sends_ends_the_connection(line, monkeypatch):
    """A packet may be half sent: a reaction's time is up at any moment."""

    def interrupt(_):
        raise Overdue

    monkeypatch.setattr(direct_client, "_queued", interrupt)
    with pytest.raises(Overdue):
        line.client.publish("a/b", bytes(1_000_000), 1)
    assert not line.client.serve(PATIENCE_S)


def test_an_acknowledgement_goes_with_the_next_message(line):
    """One packet for the network less, and the broker is not woken twice."""
    line.send(_publish(line, 7, b"x"))
    line.client.publish("a/b", b"answer", 1)
    assert line.broker.recv(100) == _acknowledgements(7) + _publish(line, 1, b"answer")


def test_another_thread_acknowledges_at_once(line):
    """Nobody else may send for long."""
    line.client.ack(7, 1)
    assert line.broker.recv(100) == _acknowledgements(7)


def test_however_slowly_the_broker_reads_no_packet_tears_another(line):
    """Several threads publish, acknowledge and subscribe while the socket is full."""
    line.client._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 5000)
    ended = threading.Event()

    def serve():
        while not ended.is_set() and line.client.serve(1):
            pass

    def publish(number):
        for _ in range(ROUNDS):
            until(lambda: len(line.client._out_packet) < FEW, "some are sent")
            line.client.publish(f"a/{number}", bytes([number]) * SIZE, 1)
            line.client.ack(number, 1)
            line.client.subscribe(f"b/{number}")

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(1, 5)]
    server = threading.Thread(target=serve)
    for thread in (*threads, server):
        thread.start()
    until(line.client.want_write, "the socket is full")
    kinds = Counter(_packets(line.broker, 4 * 3 * ROUNDS))
    ended.set()
    line.client.wake()
    for thread in (*threads, server):
        thread.join(PATIENCE_S)
    assert kinds == {0x30: 4 * ROUNDS, 0x40: 4 * ROUNDS, 0x80: 4 * ROUNDS}


def _packets(broker, number):
    """The kinds of so many packets; the payload of a PUBLISH is of one thread."""
    data = bytearray()
    while number:
        data += broker.recv(50_000)
        time.sleep(0.0001)
        while found := bounds(data, 0):
            content, end = found
            if end > len(data):
                break
            if data[0] & 0xF0 == 0x30:
                assert set(data[end - SIZE : end]) == {int(data[content + 4 : content + 5])}
            yield data[0] & 0xF0
            del data[:end]
            number -= 1
