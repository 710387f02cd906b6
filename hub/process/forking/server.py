"""The fork server: a process that has imported what all others need, and forks them.

A forked process shares this memory until it changes it, and need not import anything. Its parent
is the process that asked for it, as if that had started it (setsid(2) and the like stay as they
are): it does not end with this server, and the supervisor can wait for it.

    python -m hub.process.forking.server FD ROOM MODULE...

ROOM is any long word: a forked process writes its own command line over the one of the server.

After an update the supervisor that still runs starts the new server: this command line and what is
sent must mean the same in both, so whatever is added to an order has a default.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from typing import NamedTuple

from hub.process.parent import end_with_parent
from hub.system.command_line import be_called

MESSAGE_BYTES = 65_536
ADOPTION_S = 10.0
LOOK_S = 0.001


class Order(NamedTuple):
    """What is to be forked.

    Attributes:
        parent: Process ID of the one that asks, which is the subreaper (prctl(2)) of this server.
        module: Its `main` is called.
        arguments: The words of the command line after the module.
        environment: Variables in addition to those of the server.
    """

    parent: int
    module: str
    arguments: Sequence[str]
    environment: dict[str, str]


def main() -> None:
    """The program. It ends when the supervisor has closed its end of the connection."""
    number, _, *modules = sys.argv[1:]
    be_called(sys.executable, "-m", "hub.process.forking.server")
    connection = socket.socket(fileno=int(number))
    for module in modules:
        with suppress(Exception):  # whichever process needs it says so, and the others run
            importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would hide how a fork ended
    gc.disable()  # a collection would write to pages that are shared
    gc.collect()
    gc.freeze()
    order = _serve(connection)
    if order:
        gc.enable()
        os.environ.update(order.environment)
        call_main(order.module, *order.arguments)


def _serve(connection: socket.socket) -> Order | None:
    """Fork for each order; returns None when there are no more, and in a fork its order."""
    while True:
        message, streams, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 3)
        if not message:
            return None
        order = Order(**json.loads(message))
        given, printed, asker = streams
        with (
            FileIO(given) as stdin,
            FileIO(printed, "w") as stdout,
            socket.socket(fileno=asker) as conversation,
        ):
            try:
                is_fork = _fork(order.parent)
            except OSError as error:
                with suppress(OSError):  # nobody may wait for it any more
                    _reply(conversation, error=str(error))
                continue
            if is_fork:
                connection.close()
                os.dup2(stdin.fileno(), 0)
                os.dup2(stdout.fileno(), 1)
                os.dup2(stdout.fileno(), 2)
                _wait_for_leave(conversation)
                return order


def _fork(parent: int) -> bool:
    """Fork a process whose parent is that one; returns whether this is it.

    A go-between forks it and ends, and the nearest subreaper adopts it.
    """
    go_between = os.fork()
    if go_between:
        _, status = os.waitpid(go_between, 0)
        if code := os.waitstatus_to_exitcode(status):
            raise OSError(code, os.strerror(code))
        return False
    try:
        if os.fork():
            os._exit(0)
    except OSError as error:
        os._exit(error.errno or 1)
    _wait_for_adoption(parent)
    return True


def _wait_for_adoption(parent: int) -> None:
    """Wait until the go-between has ended; from then on end with the new parent."""
    deadline = time.monotonic() + ADOPTION_S
    while os.getppid() != parent:
        if time.monotonic() > deadline:
            os._exit(os.EX_OSERR)  # the one that asked has ended
        time.sleep(LOOK_S)
    end_with_parent()
    if os.getppid() != parent:  # it ended just before
        os._exit(os.EX_OSERR)


def _wait_for_leave(conversation: socket.socket) -> None:
    """Tell our process ID, and end unless we are told to begin.

    The one that asked may have given up, and have another process forked in our place.
    """
    with suppress(OSError):
        _reply(conversation, pid=os.getpid())
        if conversation.recv(1):
            return
    os._exit(os.EX_OSERR)


def call_main(module: str, *arguments: str) -> None:
    """Do in a fork as Python does for `python -m MODULE ARGUMENTS`."""
    time.tzset()  # the time zone may be another one than when the server started
    program = importlib.import_module(module)
    sys.argv = [str(program.__file__), *arguments]
    be_called(sys.executable, "-m", module, *arguments)
    program.main()


def _reply(conversation: socket.socket, **reply: object) -> None:
    conversation.send(json.dumps(reply).encode())


if __name__ == "__main__":
    main()
