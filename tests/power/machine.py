"""The machine whose power is cut: the rig's kernel and system, our code, and a disk of our own."""

import gzip
import importlib.metadata
import io
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.house import ROOT, free_port, until

GUEST = Path(__file__).parent / "guest"
CODE = ("hub", "config", "devices")
LIBRARIES = (
    "paho-mqtt",
    "packaging",
    "pydantic",
    "pydantic-settings",
    "itsdangerous",
    "apscheduler",
    "astral",
)
DISK_MB = 64
BOOT_S = 240.0
PYTHON = "3.13"  # of the rig's system
HANDLER = '''import os
import socket

from hub import Event, HandlerConfig, emit, handler


@handler("doorbell.pressed"{rules})
def {name}(event: Event, config: HandlerConfig) -> None:
    """Act where a power cut cannot undo it: on another machine."""
    with socket.create_connection(("10.0.2.2", {port})) as recorder:
        recorder.sendall(f"{name} {{event.id}} {{event.redelivered}}\\n".encode())
        recorder.recv(1)
    emit("{name}.acted")
'''
SETTINGS = """handlers_dir = "handlers"
state_dir = "/mnt/state"
[broker]
host = "10.0.2.2"
port = {port}
[doors.front]
name = "Front door"
"""


def build(rig: Path, folder: Path, broker: int, recorder: int, handlers: dict[str, str]) -> None:
    """Make the disks and the initrd.

    Args:
        rig: What `tests/rig/build` has made.
        folder: Where to put them.
        broker: The port of the broker outside.
        recorder: The port to which the handlers report their acts.
        handlers: The rules of each handler, by its name.
    """
    code = folder / "code"
    wheels = folder / "wheels"
    (code / "handlers").mkdir(parents=True)
    for name in CODE:
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("start", "house.py"):
        shutil.copy(GUEST / name, code)
    for name, rules in handlers.items():
        handler = HANDLER.format(name=name, rules=rules, port=recorder)
        (code / "handlers" / f"{name}.py").write_text(handler, encoding="utf-8")
    (code / "doorbell.toml").write_text(SETTINGS.format(port=broker), encoding="utf-8")
    _run("debugfs", "-R", f"rdump /wheels {folder}", rig / "root.img")
    _run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", wheels,
        "--only-binary=:all:", "--python-version", PYTHON, "--target", code / "site", *LIBRARIES,
    )  # fmt: skip
    _name_ours(code / "site")
    _compile(rig / "root.img", folder)
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-d", code, folder / "code.img", "160M")
    _run("mke2fs", "-q", "-F", "-t", "ext4", folder / "disk.img", f"{DISK_MB}M")
    (folder / "initrd").write_bytes(_initrd(rig / "initrd"))


def _name_ours(site: Path) -> None:
    """Say which version our code is, as its installation does: the hub announces it."""
    facts = site / "doorbell_hub-0.dist-info"
    facts.mkdir()
    version = importlib.metadata.version("doorbell-hub")
    lines = f"Metadata-Version: 2.1\nName: doorbell-hub\nVersion: {version}\n"
    (facts / "METADATA").write_text(lines, encoding="utf-8")


def _compile(system: Path, folder: Path) -> None:
    """Compile our code with the machine's own Python: emulated, it would take half a minute."""
    view = folder / "view"
    view.mkdir()
    steps = (
        f"mount -o loop,ro {system} {view}",
        f"mount --bind {folder / 'code'} {view}/opt",
        f"chroot {view} python3 -m compileall -q --invalidation-mode unchecked-hash /opt",
    )
    _run("unshare", "--mount", "sh", "-c", " && ".join(steps))


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr.decode(errors='replace')}"


def _initrd(of_the_rig: Path) -> bytes:
    """The rig's, with another `init`: of what follows in a second archive, the last one counts."""
    packed = of_the_rig.read_bytes()
    unpacked = gzip.decompress(packed)
    modules = [line for line in unpacked.split(b"\n") if line.startswith(b"/bin/busybox insmod ")]
    script = b"#!/bin/busybox sh\n" + b"\n".join(modules) + b"\n" + (GUEST / "init").read_bytes()
    return packed + bytes(-len(packed) % 4) + _archive("init", script)


def _archive(name: str, content: bytes) -> bytes:
    """One file in a cpio archive (its format "newc", see cpio(5))."""
    archive = io.BytesIO()
    for inode, (entry, mode, data) in enumerate(
        ((name, 0o100755, content), ("TRAILER!!!", 0, b"")), start=1
    ):
        path = entry.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        for part in (b"070701" + b"".join(b"%08X" % field for field in fields) + path, data):
            archive.write(part)
            archive.write(bytes(-archive.tell() % 4))
    return archive.getvalue()


class Machine:
    """A QEMU and its disk."""

    def __init__(self, rig: Path, folder: Path) -> None:
        self._rig = rig
        self._folder = folder
        self.image = folder / "disk.img"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._button: socket.socket | None = None
        self.console = folder / "console.log"

    def boot(self, seed: str, *, clock_is_set: bool = True, syncs: bool = True) -> None:
        """Switch it on; the seed decides what its disk keeps of what is not synced.

        Args:
            seed: Of the disk's chance.
            clock_is_set: Whether the machine knows the time, as from a time server.
            syncs: Whether what its processes sync is synced.
        """
        path = self._folder / "disk.socket"
        path.unlink(missing_ok=True)
        log = self._folder / "syncs.log"
        disk: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.power.disk",
            self.image,
            path,
            seed,
            log,
        ]
        self._start(*disk)
        until(path.exists, "the disk can be reached")
        port = free_port()
        drives = (
            f"file={self._rig / 'root.img'},if=virtio,format=raw,readonly=on",
            f"file={self._folder / 'code.img'},if=virtio,format=raw,readonly=on",
            f"file=nbd+unix:///?socket={path},if=virtio,format=raw,cache=none",
        )
        self._start(
            "nice", "-n", "5",
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
            "-m", "400", "-nographic", "-no-user-config", "-nodefaults",
            "-serial", f"file:{self.console}",
            "-serial", f"tcp:127.0.0.1:{port},server=on,wait=off",
            "-kernel", self._rig / "vmlinux", "-initrd", self._folder / "initrd",
            "-append", f"console=ttyS0 quiet CLOCK_IS_SET={int(clock_is_set)} SYNCS={int(syncs)}",
            *(part for drive in drives for part in ("-drive", drive)),
            "-nic", "user,model=virtio-net-pci",
        )  # fmt: skip
        self._button = until(lambda: _connected(port), "the machine has a button")

    def _start(self, *command: str | Path) -> None:
        self._processes.append(subprocess.Popen(command, cwd=ROOT))

    def press(self) -> None:
        """Press the button."""
        assert self._button
        self._button.sendall(b"front\n")

    def cut(self) -> float:
        """Pull the plug; returns when, as Unix time."""
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
        at = time.time()
        for process in self._processes:
            process.wait()
        self._processes.clear()
        if self._button:
            self._button.close()
        return at

    @property
    def said(self) -> str:
        """What stands on its console."""
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    @property
    def checkpoints(self) -> set[str]:
        """The state files whose log is being copied into the file."""
        under_way: set[str] = set()
        for line in self.said.splitlines():
            what, _, name = line.strip().partition(": ")
            if what == "checkpoint begins":
                under_way.add(name)
            elif what == "checkpoint ends":
                under_way.discard(name)
        return under_way

    @property
    def has_panicked(self) -> bool:
        """Whether the emulation of two processors lost a race at its start (docs/rig.md)."""
        return "Kernel panic" in self.said


def _connected(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port))
    except OSError:
        return None
