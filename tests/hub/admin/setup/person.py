"""Somebody at a terminal: reads what is asked, and types."""

import codecs
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.forked import PATIENCE_S, SLOWER, Forked
from tests.house import ROOT

DRIVER = "tests.hub.admin.setup.setup_driver"
AGAIN_S = 1.0 * SLOWER
CTRL_C, CTRL_D = "\x03", "\x04"


class Person:
    """Runs `doorbell …` at a terminal of their own, in a folder that is also their home."""

    def __init__(
        self, folder: Path, *words: str, prefix: tuple[str, ...] = (), **environment: str
    ) -> None:
        self.seen, self._read = "", 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.tmp = folder / "tmp"
        self.tmp.mkdir(exist_ok=True)
        self._master, terminal = pty.openpty()
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DOORBELL_", "SSH", "SUDO"))
        }
        ours = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "TMPDIR": str(self.tmp),
            "TERM": "dumb",
            "COLUMNS": "99",
        }
        streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
        here: dict[str, Any] = {"cwd": folder, "env": {**known, **ours, **environment}, **streams}
        if prefix:
            command = [*prefix, sys.executable, "-m", DRIVER, *words]
            self._process = subprocess.Popen(command, **here)
        else:
            self._process = Forked(DRIVER, *words, **here)
        os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def sees(self, *words: str) -> str:
        """Wait until these words have come, one after the other; returns what was shown."""
        began = self._read
        for one in words:
            deadline = time.monotonic() + PATIENCE_S
            while (found := self.seen.find(one, self._read)) < 0:
                assert self._take(deadline - time.monotonic()), (
                    f"{one!r} does not come:\n{self.seen}"
                )
            self._read = found + len(one)
        return self.seen[began : self._read]

    def types(self, text: str = "") -> None:
        """A line."""
        self.presses(f"{text}\n")

    def presses(self, keys: str) -> None:
        """Just these."""
        os.write(self._master, keys.encode())

    def insists(self, key: str, words: str) -> None:
        """Press it until these words come: CPython may miss a SIGINT before it waits."""
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.seen[self._read :]:
            assert time.monotonic() < deadline, f"{words!r} does not come:\n{self.seen}"
            self.presses(key)
            while (
                words not in self.seen[self._read :]
                and select.select([self._master], [], [], AGAIN_S)[0]
            ):
                assert self._take(AGAIN_S), f"it ends without {words!r}:\n{self.seen}"

    def answers(self, *pairs: tuple[str, str]) -> None:
        """To each of these questions, in this order."""
        for question, answer in pairs:
            self.sees(question, "]: ")
            self.types(answer)

    def asked(self) -> str | None:
        """Waits for the next question, whatever it is; None when it has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not (
            found := re.compile(r"^  (.+?) \[[^\n]*\]: ", re.MULTILINE).search(
                self.seen, self._read
            )
        ):
            if not self._take(deadline - time.monotonic()):
                return None
        self._read = found.end()
        return found[1]

    def hangs_up(self) -> None:
        """The terminal goes, and the program ends."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)
        self._process.wait(PATIENCE_S)

    def leaves(self) -> int:
        """How it ended; all that it said is in `seen`."""
        deadline = time.monotonic() + PATIENCE_S
        while self._take(deadline - time.monotonic()):
            pass
        return self._process.wait(PATIENCE_S)

    def _take(self, patience_s: float) -> bool:
        """Whether something came."""
        if not select.select([self._master], [], [], max(0.0, patience_s))[0]:
            raise AssertionError(f"nothing comes any more:\n{self.seen}")
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # Linux: the other end is closed
            return False
        self.seen += self._decoder.decode(data).replace("\r", "")
        return bool(data)
