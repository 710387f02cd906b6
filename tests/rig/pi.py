"""The virtual Raspberry Pi: booted, asked, pressed, and cut from its power."""

import base64
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.house import free_port

AGENT, NTFY = 7777, 2586
BOOT_S = 180.0
BOOTS = 3
MEMORY_MB = 512  # as a Pi Zero 2 W has
PATIENCE = 5  # a machine that is busy with something else is not a fault


class Pi:
    """A QEMU with a disk of its own over the image that `tests/rig/build` made.

    Args:
        image: The folder with root.img, vmlinux and initrd.
        folder: Where the disk and the console's log lie.
    """

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self._folder = image, folder
        self.console = folder / "console.log"
        self._disk = folder / "disk.qcow2"
        self._ports = {inside: free_port() for inside in (AGENT, NTFY)}
        self._qemu: subprocess.Popen[bytes] | None = None
        if not self._disk.exists():
            subprocess.run(
                [
                    "qemu-img",
                    "create",
                    "-q",
                    "-f",
                    "qcow2",
                    "-F",
                    "raw",
                    "-b",
                    image / "root.img",
                    self._disk,
                ],
                check=True,
            )

    def boot(self) -> float:
        """Switch it on; returns the seconds until it takes orders.

        QEMU's emulation of two processors sometimes loses a race while the kernel patches itself at
        its start, and the kernel panics. That is no fault of anything under test, so the machine is
        switched on again.
        """
        for _ in range(BOOTS):
            began = time.monotonic()
            self._switch_on()
            self.until(lambda: self._answers() or self._panicked(), "it takes orders", BOOT_S)
            if not self._panicked():
                return time.monotonic() - began
            self.cut_power()
        raise AssertionError(f"the kernel panicked {BOOTS} times\n{self._last_words()}")

    def _panicked(self) -> bool:
        return self.console.exists() and "Kernel panic" in self.console.read_text(errors="replace")

    def _switch_on(self) -> None:
        self.console.unlink(missing_ok=True)
        forwards = ",".join(
            f"hostfwd=tcp:127.0.0.1:{port}-:{inside}" for inside, port in self._ports.items()
        )
        self._qemu = subprocess.Popen([
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
            "-m", str(MEMORY_MB),
            "-nographic", "-no-user-config", "-nodefaults", "-serial", f"file:{self.console}",
            "-kernel", self._image / "vmlinux", "-initrd", self._image / "initrd",
            "-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0",
            "-drive", f"file={self._disk},if=virtio,format=qcow2",
            "-nic", f"user,model=virtio-net-pci,restrict=on,{forwards}",
        ])  # fmt: skip

    def cut_power(self) -> None:
        """As if the plug was pulled: what was not on the disk is gone."""
        if self._qemu:
            self._qemu.send_signal(signal.SIGKILL)
            self._qemu.wait()
            self._qemu = None

    def ask(self, command: str, *, timeout_s: float = 60) -> tuple[int, bytes]:
        """Run a command as root; returns its exit code and output."""
        with socket.create_connection(
            ("127.0.0.1", self._ports[AGENT]), timeout=timeout_s * PATIENCE
        ) as connection:
            stream = connection.makefile("rwb")
            stream.write(json.dumps(command).encode() + b"\n")
            stream.flush()
            if not (line := stream.readline()):
                raise ConnectionError("it hung up")
        answer = json.loads(line)
        return answer["code"], base64.b64decode(answer["out"])

    def run(self, command: str, *, timeout_s: float = 60) -> str:
        """Run a command that must succeed; returns its output."""
        code, said = self.ask(command, timeout_s=timeout_s)
        text = said.decode(errors="replace")
        assert code == 0, f"`{command}` ended with {code}:\n{text}"
        return text.strip()

    def write(self, path: str, text: str) -> None:
        """Write a file there as an editor does: under another name, then renamed."""
        content = base64.b64encode(text.encode()).decode()
        self.run(f"echo {content} | base64 -d > {path}.new && mv {path}.new {path}")

    def read(self, path: str) -> bytes:
        """The content of a file there."""
        code, content = self.ask(f"cat {path}")
        assert code == 0, content.decode()
        return content

    def until(
        self, look: Callable[[], Any], what: str | Callable[[], str], patience_s: float = 120
    ) -> Any:
        """Look until there is something, and return it; `what` says what was missing at the end.

        `patience_s` is for a quiet machine.
        """
        ends = time.monotonic() + patience_s * PATIENCE
        while not (found := look()):
            if self._qemu is None or self._qemu.poll() is not None:
                raise AssertionError(f"it ended while waiting for: {what}\n{self._last_words()}")
            if time.monotonic() > ends:
                missing = what if isinstance(what, str) else what()
                late = f"not within {PATIENCE} times {patience_s:.0f} s"
                raise AssertionError(f"{late}: {missing}\n{self._last_words()}")
            time.sleep(0.3)
        return found

    def press(self, held_s: float = 0.15) -> float:
        """Pull the line to ground and back; returns when, by the Pi's clock (Unix time)."""
        line = "/run/rig/gpio/sim_gpio17/pull"
        return float(
            self.run(f"date +%s.%N; echo pull-down > {line}; sleep {held_s}; echo pull-up > {line}")
        )

    def messages(self, topic: str = "door") -> list[dict[str, Any]]:
        """The messages that the phone's service has received."""
        return [json.loads(line) for line in self._fetch(f"/{topic}/json?poll=1").splitlines()]

    def attachment(self, message: dict[str, Any]) -> bytes:
        """The picture of a message."""
        return self._fetch(message["attachment"]["url"].partition(f":{NTFY}")[2])

    def _fetch(self, path: str) -> bytes:
        answer = requests.get(f"http://127.0.0.1:{self._ports[NTFY]}{path}", timeout=20)
        answer.raise_for_status()
        return answer.content

    def _answers(self) -> bool:
        try:
            return self.ask("true", timeout_s=5)[0] == 0
        except OSError:
            return False

    def _last_words(self) -> str:
        """The last lines of console and journal, for the log of a failed run."""
        console = self.console.read_text(errors="replace")[-2000:] if self.console.exists() else ""
        if self._qemu is None or self._panicked():
            return console
        try:
            journal = self.ask(
                "systemctl list-units --plain --no-legend 'doorbell*'; journalctl -n 60 --no-pager"
            )[1]
        except OSError as error:
            return f"{console}\n(it does not answer: {error})"
        return f"{console}\n{journal.decode(errors='replace')}"
