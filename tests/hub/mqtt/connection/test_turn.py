"""Two threads and one connection: each message is read once, in order, and by one at a time."""

import random
import select
import socket
import threading
from collections import deque
from contextlib import closing

import pytest

from hub.mqtt.connection import turn as turns
from hub.mqtt.connection.turn import Turn
from hub.system.kernel_timer import AT_ONCE_S
from tests.house import until

LONG_S = 60.0
BUSY_S = 0.005
STORM = 3000


class Line:
    """A connection, and the other end of it."""

    def __init__(self):
        self._socket, self.other = socket.socketpair()
        self._socket.setblocking(False)
        self.said = 0  # bytes
        self.read = deque()  # what was read, and in which thread
        self._alone = threading.Lock()

    def fileno(self):
        return self._socket.fileno()

    def flush(self):
        pass

    def want_write(self):
        return False

    def work(self, *, is_readable):
        assert is_readable
        assert self._alone.acquire(blocking=False), "two threads read"
        data = self._socket.recv(1)
        self.read.append((data, threading.get_ident()))
        self._alone.release()
        return bool(data)

    def say(self, text):
        self.said += len(text)
        self.other.sendall(text)

    def close(self):
        self._socket.close()
        self.other.close()


class Server(threading.Thread):
    """The bus's thread."""

    def __init__(self, turn, line):
        super().__init__(daemon=True)
        self._turn, self._line = turn, line
        self.is_ending = False
        self.start()

    def run(self):
        while self._turn.serve(self._line, LONG_S) and not self.is_ending:
            pass

    def stop(self):
        self.is_ending = True
        self._turn.call_server()
        self.join(LONG_S)
        assert not self.is_alive()


@pytest.fixture
def line():
    with closing(Line()) as made:
        yield made


@pytest.fixture
def turn(monkeypatch):
    """However busy the machine is, it is not taken from this thread, unless a test shortens it."""
    monkeypatch.setattr(turns, "BUSY_S", LONG_S)
    return Turn()


@pytest.fixture
def server(turn, line):
    made = Server(turn, line)
    yield made
    made.stop()


def _wait_for(turn, line, number):
    """In this thread: until so many have been read."""
    turn.wait(LONG_S, lambda: len(line.read) >= number)
    assert len(line.read) >= number


def _take_the_turn(turn, line):
    """Have this thread read from now on; gives how much was read until then."""

    def has_it():
        if not line.said:  # it waits from now on, and the server offers it the turn
            line.say(b"a")
        return turn._is_waiters and len(line.read) == line.said

    turn.wait(LONG_S, has_it)
    assert has_it()
    return line.said


def test_who_waits_reads_what_comes(turn, line, server):
    """No other thread wakes for it."""
    known = _take_the_turn(turn, line)
    line.say(b"b")
    _wait_for(turn, line, known + 1)
    assert line.read[-1] == (b"b", threading.get_ident())


def test_while_it_is_busy_the_server_reads(turn, line, server, monkeypatch):
    known = _take_the_turn(turn, line)
    monkeypatch.setattr(turns, "BUSY_S", BUSY_S)
    turn.wait(0, lambda: True)
    line.say(b"b")
    until(lambda: len(line.read) > known, "the server reads")
    assert line.read[-1] == (b"b", server.ident)


def test_who_waits_for_something_else_hands_over_at_once(turn, line, server):
    known = _take_the_turn(turn, line)
    turn.hand_over()
    line.say(b"b")
    until(lambda: len(line.read) > known, "the server reads")


def test_who_hands_over_too_late_keeps_nobody_awake(turn, line, server):
    """The server has just taken over: a timer that nobody stops would end each `select` at once."""
    turn._timer.set(AT_ONCE_S)
    until(lambda: not select.select([turn._timer], [], [], 0.01)[0], "it is stopped")
    _take_the_turn(turn, line)
    turn.wait(0.01, lambda: False)
    turn._timer.set(AT_ONCE_S)
    turn.wait(LONG_S, lambda: not select.select([turn._timer], [], [], 0.01)[0])
    assert not select.select([turn._timer], [], [], 0)[0]


def test_a_rest_is_not_disturbed(turn, line, server):
    """What comes meanwhile is read afterwards, by the thread that rested."""
    known = _take_the_turn(turn, line)
    line.say(b"b")
    turn._start_timer(BUSY_S)
    turn.rest(20 * BUSY_S)
    if turn._is_waiters:  # a starved machine took it away before
        _wait_for(turn, line, known + 1)
        assert line.read[-1] == (b"b", threading.get_ident())


def test_any_thread_ends_the_wait(turn, line, server):
    is_done = threading.Event()
    ended = threading.Event()

    def wait():
        turn.wait(LONG_S, is_done.is_set)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    until(lambda: turn._waiting, "it waits")
    is_done.set()
    turn.wake_waiter()
    until(ended.is_set, "it has ended")


def test_where_the_connection_ends_the_server_is_told(turn, line, server, monkeypatch):
    """Also when the thread that waits has read that; it goes on waiting, and reads the next one."""
    _take_the_turn(turn, line)
    monkeypatch.setattr(turns, "BUSY_S", BUSY_S)  # it may be offered the turn once more
    line.other.close()
    turn.wait(LONG_S, lambda: line.read[-1][0] == b"")
    server.join(LONG_S)
    assert not server.is_alive()
    turn.end()
    with closing(Line()) as after:
        second = Server(turn, after)
        _take_the_turn(turn, after)
        second.stop()


def test_after_the_end_nobody_reads(turn, line, server):
    known = _take_the_turn(turn, line)
    server.stop()
    turn.end()
    line.say(b"b")
    turn.wait(0.05, lambda: len(line.read) > known)
    assert len(line.read) == known


def test_in_a_storm_each_is_read_once_and_in_order(turn, line, server, monkeypatch):
    """Whoever is busy, rests, hands over or is woken meanwhile."""
    monkeypatch.setattr(turns, "BUSY_S", 0.0005)
    chance = random.Random(7)
    sent = bytes(chance.randrange(256) for _ in range(STORM))

    def say():
        for start in range(0, STORM, 3):
            line.say(sent[start : start + 3])
            if chance.random() < 0.3:
                turn.wake_waiter()
            if chance.random() < 0.3:
                turn.wake()

    threading.Thread(target=say, daemon=True).start()
    while len(line.read) < STORM:
        known = len(line.read)
        turn.wait(1, lambda known=known: len(line.read) > known)
        choice = chance.random()
        if choice < 0.1:
            turn.hand_over()
        elif choice < 0.2:
            turn.rest(0.001)
    assert b"".join(data for data, _ in line.read) == sent
    readers = {thread for _, thread in line.read}
    assert threading.get_ident() in readers
