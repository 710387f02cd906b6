"""A real Node-RED: `.ci/get-node-red DIR` installs it. Flows come and go by its admin API."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.house import free_port, until

STOP_S = 20.0
CALL_S = 30.0
Flow = list[dict[str, Any]]


class NodeRed:
    """One that runs.

    Attributes:
        url: Of its editor and its API.
    """

    def __init__(self, installed: Path, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "node-red.log"
        program = installed / "node_modules" / ".bin" / "node-red"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "--port", str(port), "--userDir", str(folder)],
                stdout=log,
                stderr=log,
            )

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def flows(self) -> Flow:
        """The nodes of all its flows."""
        found: Flow = json.loads(self._call("GET", "/flows"))
        return found

    def import_flow(self, flow: Flow) -> None:
        """Run this flow, and no other."""
        self._call("POST", "/flows", flow)

    def inject(self, node: str) -> None:
        """Click the button of an inject node."""
        self._call("POST", f"/inject/{node}")

    def is_up(self) -> bool:
        """Whether its API answers."""
        with suppress(OSError):
            return bool(self._call("GET", "/settings"))
        return False

    def _call(self, method: str, path: str, data: Any = None) -> bytes:
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(  # noqa: S310 - http only
            f"{self.url}{path}", body, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310
            return bytes(answer.read())


@contextmanager
def node_red(folder: Path) -> Iterator[NodeRed]:
    """One that is ready; it ends with this.

    Args:
        folder: A new one for its flows.
    """
    one = NodeRed(Path(os.environ["NODERED"]).resolve(), folder)
    try:
        until(one.is_up, lambda: f"Node-RED answers: {one.log()[-3000:]}")
        yield one
    finally:
        one.stop()
