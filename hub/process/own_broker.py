"""The broker of a house that names none: one that is there already, or one of its own."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from config import Settings
from hub.mqtt.own_broker import found, mosquitto
from hub.mqtt.own_broker.address import PORT_FILE, reserve_port
from hub.process.child import Child, Echo
from hub.process.launch import Program
from hub.system.files import atomic_file

BROKER = "broker"  # the name of its process
AS_ROOT = "should not be run as root"  # it says so before it reads that warnings are unwanted
START_S = 5.0
LOOK_S = 0.01
QUESTION = "A broker listens on port {} of this machine already. Shall this house use it?"
ALWAYS = (
    'To use it without being asked, set host = "localhost" in [broker]; to have one of its own, set'
    " another port. That counts when you start `doorbell run` again"
)
BESIDE = (
    "a broker listens on port {} of this machine already. This house has one of its own; to use"
    ' that one, set host = "localhost" in [broker], and start `doorbell run` again'
)
NOT_INSTALLED = "mosquitto is not installed"
NOT_STARTED = "mosquitto does not start (its reason is above)"
EMBEDDED = (
    "{}, so the embedded broker is used: it has no MQTT 5, and Home Assistant cannot connect to it."
    " To change that: sudo apt install mosquitto"
)


class OwnBroker:
    """Decides which broker it is, and makes its process.

    Attributes:
        child: Its process; None where one is used that was there already.
        notices: What a person should know about it, line by line.
    """

    def __init__(self, settings: Settings, echo: Echo, ask: Callable[[str], bool] | None) -> None:
        """Prepare.

        Args:
            settings: They name no broker.
            echo: Called with the name and each line that its process prints.
            ask: Asks the person a question, and returns whether the answer was yes; None where
                there is no person.
        """
        self._settings = settings
        self._echo = echo
        self._ask = ask
        self.child: Child | None = None
        self.notices: list[str] = []

    def open(self, held: ExitStack) -> int:
        """Find it or start it, and leave word for other commands; returns its port.

        Args:
            held: Gets what has to be given back when it has ended.

        Raises:
            SettingsError: no port is free.
        """
        port = self._settings.broker.own_port
        if not self._is_shared(port):
            port, reserved = reserve_port(port)
            held.enter_context(reserved)
            self._start(port)
        port_file = self._settings.state_dir / PORT_FILE
        held.callback(port_file.unlink, missing_ok=True)
        atomic_file.write(port_file, str(port).encode(), 0o640)
        return port

    def _is_shared(self, port: int) -> bool:
        """Whether there is one already, and the person wants it."""
        if not found.protocol_of(self._settings.broker):
            return False
        if self._ask is None:
            self.notices.append(BESIDE.format(port))
            return False
        is_wanted = self._ask(QUESTION.format(port))
        self.notices.append(ALWAYS)
        return is_wanted

    def _start(self, port: int) -> None:
        program = mosquitto.find()
        why = NOT_INSTALLED
        if program:
            settings = mosquitto.write_settings(self._settings.state_dir, port)
            if self._runs(Program((program,)), ("-c", str(settings)), port):
                return
            why = NOT_STARTED
        self.notices.append(EMBEDDED.format(why))
        command = ("-m", "hub.mqtt.own_broker.embedded_broker", "--port", str(port))
        self._runs(Program(), command, port)

    def _show(self, name: str, line: str) -> None:
        if AS_ROOT not in line:
            self._echo(name, line)

    def _runs(self, program: Program, command: Sequence[str], port: int) -> bool:
        """Start a process; returns whether it listens before it ends."""
        self.child = Child(BROKER, command, {}, self._show, launcher=program, is_endless=True)
        self.child.tick()
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and not found.listens(port):
            if self.child.has_ended:
                return False
            time.sleep(LOOK_S)
        return True
