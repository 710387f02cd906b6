"""Starts the fork server (server.py) when it is needed, and asks it for processes."""

import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any

from hub.process.forking.forked_process import ForkedProcess
from hub.process.launch import PYTHON, SUPERVISED, obey_parent_only
from hub.process.parent import adopting
from hub.system.processes import installed_unix_s

IMPORTED_S = 60.0  # a Pi that starts everything at once imports for some seconds
FORKED_S = 5.0  # it takes milliseconds, and meanwhile the supervisor looks after nobody
REPLY_BYTES = 4096
BEGIN = b"!"
SERVER = "hub.process.forking.server"
ROOM = "-" * 1000  # for the command lines of what is forked


@dataclass
class _Server:
    """The running server.

    Attributes:
        process: Its process.
        connection: Takes orders. Each brings a socket along for the conversation about it.
        installed_s: When the program was installed that it runs; None: in a checkout.
        has_imported: Whether it has forked already, and so has imported everything before.
    """

    process: subprocess.Popen[bytes]
    connection: socket.socket
    installed_s: float | None
    has_imported: bool = False

    def fork(self, order: bytes, streams: list[int]) -> int:
        """Have a process forked; returns its ID.

        It begins only when it is told that its reply came here, so none runs that nobody watches.

        Raises:
            OSError: what failed there; also where the server has ended, or says nothing in time.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            ours.settimeout(FORKED_S if self.has_imported else IMPORTED_S)
            with theirs:
                socket.send_fds(self.connection, [order], [*streams, theirs.fileno()])
            message = ours.recv(REPLY_BYTES)
            if not message:
                raise ConnectionError("the fork server, or the fork, has ended")
            self.has_imported = True
            reply: dict[str, Any] = json.loads(message)
            if fault := reply.get("error"):
                raise OSError(fault)
            ours.send(BEGIN)
        return int(reply["pid"])

    def is_usable(self) -> bool:
        """Whether it runs, and runs the program as it is installed now."""
        return self.process.poll() is None and self.installed_s == installed_unix_s()

    def end(self) -> None:
        """End it at once."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


class ForkServer:
    """Launches processes that a server forks; this process is their parent (`Launcher`).

    They share the memory of what the server has imported. The server may end at any time: they live
    on, and the next launch starts another one.
    """

    def __init__(self, *modules: str) -> None:
        """Prepare.

        Args:
            modules: Names of those that the server imports.
        """
        self._modules = modules
        self._server: _Server | None = None

    def start(self) -> _Server:
        """Start the server, and don't wait until it is ready.

        Raises:
            OSError: there is no memory for another process, and the like.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(IMPORTED_S)
        installed_s = installed_unix_s()  # first of all: an update may begin meanwhile
        number = theirs.fileno()
        with theirs:
            process = subprocess.Popen(
                [*PYTHON, "-m", SERVER, str(number), ROOM, *self._modules],
                env={**os.environ, **SUPERVISED},
                stdin=subprocess.DEVNULL,
                pass_fds=[number],
                preexec_fn=obey_parent_only,  # noqa: PLW1509 - two system calls
            )
        self._server = _Server(process, ours, installed_s)
        return self._server

    def launch(
        self, command: Sequence[str], environment: Mapping[str, str], *, reads_lines: bool
    ) -> ForkedProcess:
        """Fork a process that runs the `main` of a module.

        Args:
            command: `-m`, the name of the module, and the arguments.
            environment: Added to our own environment as it was when the server started.
            reads_lines: Whether its standard input is ours to write; else it is empty.

        Raises:
            OSError: it cannot be forked.
        """
        _, module, *arguments = command
        order = {
            "parent": os.getpid(),
            "module": module,
            "arguments": arguments,
            "environment": dict(environment),
        }
        with ExitStack() as theirs, ExitStack() as ours:
            given, stdin = _pipe(theirs, ours)
            stdout, printed = _pipe(ours, theirs)
            pid = self._ask(json.dumps(order).encode(), [given.fileno(), printed.fileno()])
            ours.pop_all()
        if reads_lines:
            return ForkedProcess(pid, stdin, stdout)
        stdin.close()
        return ForkedProcess(pid, None, stdout)

    def stop(self) -> None:
        """End the server; what it has forked runs on."""
        if self._server:
            self._server.end()
            self._server = None

    def _ask(self, order: bytes, streams: list[int]) -> int:
        """Have it forked; returns the process ID. A server that failed does not serve again."""
        server = self._running()
        try:
            with adopting():
                return server.fork(order, streams)
        except OSError:
            self.stop()
            raise

    def _running(self) -> _Server:
        if self._server and self._server.is_usable():
            return self._server
        self.stop()
        return self.start()


def _pipe(reader: ExitStack, writer: ExitStack) -> tuple[IO[str], IO[str]]:
    """A pipe; each of the two closes its end."""
    read, write = os.pipe()
    reading = reader.enter_context(os.fdopen(read, errors="replace"))
    return reading, writer.enter_context(os.fdopen(write, "w", errors="replace"))
