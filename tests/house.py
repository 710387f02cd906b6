"""A house under test: real processes, a real broker, and ears and eyes outside of them."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion

from hub.wire.event import uuid7
from tests import contract, forked
from tests.forked import PATIENCE_S, SLOWER, Forked

if TYPE_CHECKING:
    from tests.servers.brokers import BrokerProcess

ROOT = forked.ROOT
AGAIN_S = 3.0
PORTS = range(20_000, 32_000)
MOST_RESERVED = 50  # by one worker: more than one test needs


def _begin(command: list[str], log: IO[bytes]) -> Forked | subprocess.Popen[bytes]:
    """Start a process; one with a library of its own has to be loaded by the system itself."""
    if "LD_PRELOAD" not in os.environ:
        return Forked(*command, stdout=log, stderr=log)
    return subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=log, stderr=log)


def until(
    condition: Callable[[], Any], what: Callable[[], str] | str, patience_s: float | None = None
) -> Any:
    """Poll until the condition gives something true; at the deadline fail with `what`.

    What does not come soon is asked for less often: on a busy machine the polls of several tests
    would keep what they wait for from its processor.
    """
    began = time.monotonic()
    limit_s = PATIENCE_S if patience_s is None else patience_s * SLOWER
    while (waited_s := time.monotonic() - began) < limit_s:
        if result := condition():
            return result
        time.sleep(min(max(0.01, waited_s / 20), 0.05))
    raise AssertionError(f"not within {limit_s:g} s: {what if isinstance(what, str) else what()}")


_reserved: list[socket.socket] = []  # for the last ports that were given


def free_port() -> int:
    """A port that is free, and stays free until a process listens on it.

    The system gives connections ports from 32768 on, so that none of them takes it meanwhile. No
    other worker gets it meanwhile, either: a socket with its name reserves it (unix(7),
    "abstract"). SystemRandom, because Hypothesis seeds the other one alike in each worker.
    """
    for port in random.SystemRandom().sample(PORTS, 50):
        reserved = socket.socket(socket.AF_UNIX)
        try:
            reserved.bind(f"\0doorbell-tests-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            reserved.close()
            continue
        _reserved.append(reserved)
        if len(_reserved) > MOST_RESERVED:
            _reserved.pop(0).close()
        return port
    raise AssertionError("no port is free")


class Ears:
    """Hears everything that is said on a broker, as any program could."""

    host = "127.0.0.1"
    qos = 1  # with which the test itself publishes

    def __init__(self, port: int, *topics: str) -> None:
        self.root = "doorbell"
        self.heard: list[tuple[str, bytes, float]] = []
        self.own: set[tuple[str, bytes]] = (
            set()
        )  # what the test itself said: it may be forged on purpose
        self._subscribed = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, f"ears-{os.getpid()}-{time.monotonic_ns()}"
        )
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(t, 1) for t in topics or ("#",)]
        )
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _, __, m: self.heard.append(
            (m.topic, m.payload, time.time())
        )
        self._client.on_socket_open = lambda _, __, sock: sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self._client.reconnect_delay_set(0.1, 0.5)
        self.prepare(self._client)
        self._client.connect(self.host, port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def prepare(self, client: Client) -> None:
        """Before it connects: a broker may want more of it."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        until(self._client.is_connected, "the ears are connected")
        self.own.add((topic, payload.encode() if isinstance(payload, str) else payload))
        self._client.publish(topic, payload, self.qos, retain).wait_for_publish(PATIENCE_S)

    def try_publish(self, topic: str, payload: bytes | str) -> None:
        """Without waiting: there may be no broker."""
        self.own.add((topic, payload.encode() if isinstance(payload, str) else payload))
        self._client.publish(topic, payload, self.qos)

    def messages(self, topic_filter: str) -> list[dict[str, Any]]:
        """The JSON of what was said on these topics, in order; what is none is passed over."""
        said = [
            load for topic, load, _ in list(self.heard) if topic_matches_sub(topic_filter, topic)
        ]
        return [json.loads(load) for load in said if load.startswith(b"{")]

    def breaches(self) -> list[str]:
        """All messages, except the test's own, that break hub/asyncapi.yaml."""
        said = {
            (topic, load)
            for topic, load, _ in list(self.heard)
            if topic.startswith(f"{self.root}/")
        }
        return [fault for topic, load in said - self.own for fault in contract.faults(topic, load)]

    def events(self, kind: str, handler: str | None = None) -> list[dict[str, Any]]:
        """Each event of this type once, in the order in which it was first heard."""
        levels = kind.replace(".", "/")
        found = self.messages(f"{self.root}/+/{handler or '+'}/event/{levels}/+")
        return list({event["id"]: event for event in found}.values())

    def outcomes(self, press: str, handler: str) -> list[str]:
        """How a handler fared with a press: the types of its outcomes in order."""
        said = [
            (e["time"], e["type"])
            for topic in ("handler.done", "handler.retried", "handler.skipped", "handler.dead")
            for e in self.events(topic, handler)
            if e.get("causationid") == press
        ]
        return [kind for _, kind in sorted(said)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _program(name: str) -> list[str]:
    """The module of a process, and what it is told."""
    return (
        [{"hub": "hub.daemon", "web": "hub.web.server"}[name]]
        if name in ("hub", "web")
        else ["hub.worker", name]
    )


class House:
    """Processes started one by one, so that a test can do to each what it likes."""

    def __init__(self, folder: Path, broker: "BrokerProcess") -> None:
        self.folder, self.broker = folder, broker
        self.port = broker.port  # where the processes find it; there may be a wire between
        self.nodes: list[int] = []  # the ports of a cluster's nodes, where the settings name them
        self.handlers_dir = folder / "handlers"
        self.state_dir = folder / "state"
        self.processes: dict[str, Forked | subprocess.Popen[bytes]] = {}
        self.settings = ""
        self.has_set_clock = False  # whether its processes find the machine's clock set
        self.handlers: dict[str, str] = {}  # the decoration of each
        self.commanded: list[str] = []
        self.rings = 0  # how often the button itself was pressed
        self.starts: Counter[str] = Counter()
        self.ears = self.listen()

    def __enter__(self) -> Self:
        self.handlers_dir.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.ears.close()
        if kind is None:
            breaches = self.ears.breaches()
            assert not breaches, f"not as hub/asyncapi.yaml has it: {breaches[:5]}"

    def listen(self) -> Ears:
        return Ears(self.broker.port)

    @property
    def config(self) -> Path:
        """The settings file, as a whole: a process that has just started may be reading it."""
        path, text = self.folder / "doorbell.toml", self.settings_text()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            new = path.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(path)
        return path

    @property
    def _address(self) -> str:
        if self.nodes:
            hosts = [f"127.0.0.1:{port}" for port in self.nodes]
            return f"host = {json.dumps(hosts)}\n"
        return f'host = "127.0.0.1"\nport = {self.port}\n'

    def settings_text(self) -> str:
        return (
            'handlers_dir = "handlers"\nstate_dir = "state"\n'
            f'[broker]\n{self._address}root = "{self.ears.root}"\n'
            f'[doors.front]\nname = "Front door"\n{self.settings}'
        )

    def write_handler(self, name: str, body: str, decoration: str = '"doorbell.pressed"') -> Path:
        """Write a handler file; `done(event)` in it adds id and redelivery to effects/NAME."""
        effects = self.effects_file(name)
        self.handlers[name] = decoration
        path = self.handlers_dir / f"{name}.py"
        indented = "\n".join(f"    {line}" for line in body.splitlines())
        path.write_text(
            f"from hub import *\nimport os, time\n\ndef done(event):\n"
            f"    with open({str(effects)!r}, 'a') as file:\n"
            f"        file.write(f'{{event.id}} {{event.redelivered}}\\n')\n\n"
            f"@handler({decoration})\n"
            f"def {name}(event: Event, config: HandlerConfig):\n{indented}\n",
            encoding="utf-8",
        )
        return path

    def effects_file(self, name: str) -> Path:
        folder = self.folder / "effects"
        folder.mkdir(exist_ok=True, parents=True)
        return folder / name

    def acts(self, name: str) -> list[tuple[str, bool]]:
        """The id of each event that a handler acted on, and whether it was a redelivery."""
        path = self.effects_file(name)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = text[: text.rfind("\n") + 1].splitlines()  # the last line may be half written
        return [(event, told == "True") for event, told in (line.split() for line in lines)]

    def effects(self, name: str) -> list[str]:
        """The ids of the events that a handler acted on, in order, counted at the effect."""
        return [event for event, _ in self.acts(name)]

    def start(self, *names: str, wait: bool = True, doom: str = "") -> None:
        """Start processes by name; `doom` is where they die (tests/system/faults/crash.py)."""
        for name in names:
            self.starts[name] += 1
            through = ["tests.set_clock"] if self.has_set_clock else []
            through = ["tests.system.faults.crash", doom] if doom else through
            command = [*through, *_program(name), "--config", str(self.config)]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = _begin(command, log)
        if wait:
            for name in names:
                self.wait_ready(name)

    def wait_ready(self, name: str) -> None:
        pid = self.processes[name].pid
        until(
            lambda: any(s.get("pid") == pid for s in self.statuses(name, "ready")),
            lambda: f"{name} is ready: {self.log(name)}",
        )

    def statuses(self, name: str, state: str) -> list[dict[str, Any]]:
        topic = f"{name}/home/status" if name in ("hub", "web") else f"handler/{name}/status"
        said = self.ears.messages(f"{self.ears.root}/{topic}")
        return [status for status in said if status["state"] == state]

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End a process; returns its exit code."""
        process = self.processes.pop(name)
        process.send_signal(how)
        return process.wait(PATIENCE_S)

    def is_running(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def deaths(self, name: str) -> int:
        """How often a process has ended, however it ended."""
        return self.starts[name] - self.is_running(name)

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def send_press(self, door: str = "front") -> str:
        """Press the button from outside; returns the id that the press will have."""
        topic, payload = self.press_command(door)
        self.ears.publish(topic, payload)
        return self.commanded[-1]

    def press_command(self, door: str = "front") -> tuple[str, str]:
        """What has to be published for a press."""
        self.commanded.append(uuid7())
        topic = f"{self.ears.root}/cli/test/command/press/home/{door}"
        return topic, json.dumps({"id": self.commanded[-1]})

    def ring(self) -> None:
        """Press the button itself: no broker is needed, but a hub that was started with `doom`."""
        self.rings += 1
        self.processes["hub"].send_signal(signal.SIGUSR1)

    def press(self, door: str = "front") -> str:
        """Press, and wait until the hub has said so.

        The command is repeated: a hub that has just connected may not have subscribed yet. Its id
        is the event's, so that it rings once.
        """
        topic, payload = self.press_command(door)
        event_id = self.commanded[-1]
        said_at = 0.0

        def is_heard() -> bool:
            nonlocal said_at
            if time.monotonic() - said_at > AGAIN_S:
                said_at = time.monotonic()
                self.ears.publish(topic, payload)
            return event_id in [e["id"] for e in self.ears.events("doorbell.pressed")]

        until(is_heard, lambda: f"the bell rings: {self.log('hub')}")
        return event_id

    def wait_outcome(self, press: str, handler: str, outcome: str = "handler.done") -> None:
        until(
            lambda: outcome in self.ears.outcomes(press, handler),
            lambda: (
                f"{outcome} of {handler}: {self.ears.outcomes(press, handler)} "
                f"{self.log(handler)[-2000:]}"
            ),
        )
