"""`doorbell run`: everything in the foreground."""

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from config import Settings, SettingsError
from config.reading import sources
from hub.mqtt.bus import Bus
from hub.plugin import loader
from hub.process.page_address import page_address, running_port
from hub.process.supervisor import TICK_S, Supervisor
from hub.system.log.visible import visible
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import Console
from hub.terminal.timeline.timeline import BROKER_PATIENCE_S, OWN_BROKER_PATIENCE_S, Timeline
from hub.web.login.register import Register

HANDLERS_PATIENCE_S = 60.0


def run(config: ConfigOption = None) -> None:
    """Start everything in the foreground. Enter rings the bell, Ctrl-C ends it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing runs yet that would have to be ended
    settings, path = read_settings(config)
    console = Console()
    if path == sources.DEMO:
        demo = "no doorbell.toml here: this is the demo, with simulated devices"
        console.print(demo, style="dim")
    for fault in loader.unknown_tables(settings, path.name):
        console.print(f"✗ {fault}", style="red")
    os.umask(0o027)
    if "log_level" not in settings.model_fields_set:
        os.environ["DOORBELL_LOG_LEVEL"] = "WARNING"  # of the children: the timeline shows the rest
    echo = _Echo(console)
    supervisor = Supervisor(settings, path, echo, _ask if sys.stdin.isatty() else None)
    ending = _Ending()
    patience_s = BROKER_PATIENCE_S if settings.broker.host else OWN_BROKER_PATIENCE_S
    settings = supervisor.start()
    bus = Bus(settings.broker)
    timeline = Timeline(bus, console, patience_s)
    echo.timeline = timeline
    doors = ", ".join(settings.doors)
    console.print(f"broker {bus.address} · doors {doors} · Ctrl-C ends")
    for notice in supervisor.notices:
        console.print(notice, style="yellow", soft_wrap=True)
    state = f"journals, pictures and clips: {settings.state_dir}"
    console.print(state, style="dim", soft_wrap=True)
    page = _PageLine(settings, timeline)
    prompt = _Prompt(supervisor, timeline)
    bus.start()
    timeline.start()
    ringing = (supervisor, bus, settings, timeline)
    threading.Thread(target=_ring_on_enter, args=ringing, daemon=True).start()
    try:
        with _no_echo():
            while not ending.is_asked:
                supervisor.tick()
                timeline.watch_broker()
                page.tick()
                prompt.tick()
                time.sleep(TICK_S)
    finally:
        timeline.stop()
        bus.stop()
        supervisor.stop()


def _ask(question: str) -> bool:
    """Ask on the terminal; Enter alone means yes, and Ctrl-C ends the program."""
    noted = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return input(visible(f"{question} [Y/n] ")).strip().lower() in ("", "y", "yes")
    except EOFError:
        return False
    finally:
        signal.signal(signal.SIGINT, noted)


class _Echo:
    """Prints the lines of the processes.

    Attributes:
        timeline: Prints them when it is there, which needs the broker's address.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.timeline: Timeline | None = None

    def __call__(self, name: str, line: str) -> None:
        if self.timeline and self.timeline.tells(line):
            return
        show = self.timeline.print if self.timeline else self._console.print
        show(f"{name}: {line}")


class _PageLine:
    """Prints the address of the page once it listens, with which a browser is logged in."""

    def __init__(self, settings: Settings, timeline: Timeline) -> None:
        self._settings = settings
        self._timeline = timeline
        self._is_shown = settings.web.page is False

    def tick(self) -> None:
        """Look whether it listens."""
        if self._is_shown or running_port(self._settings) is None:
            return
        self._is_shown = True
        try:
            code = Register(self._settings.state_dir).make_code()
        except OSError as error:
            self._timeline.print(f"page: {error}", "red")
            return
        address = page_address(self._settings)
        self._timeline.print(f"page {address}/login/{code} (logs in once, within ten minutes)")


class _Prompt:
    """Prints that Enter rings the bell once all handlers listen: the first press reaches them all.

    A handler that starts for the first time knows nothing of earlier presses.
    """

    def __init__(self, supervisor: Supervisor, timeline: Timeline) -> None:
        self._supervisor = supervisor
        self._timeline = timeline
        self._deadline = time.monotonic() + HANDLERS_PATIENCE_S
        self._is_shown = False

    def tick(self) -> None:
        """Look whether they do; a handler that says nothing is waited for a minute."""
        if self._is_shown:
            return
        has_all = self._timeline.has_heard(self._supervisor.handlers)
        if has_all or time.monotonic() > self._deadline:
            self._is_shown = True
            self._timeline.print("Enter rings the bell", "bold")


class _Ending:
    """Notes Ctrl-C and SIGTERM, and interrupts nothing; also where a shell had Ctrl-C ignored.

    Attributes:
        is_asked: Whether the process was asked to end.
    """

    def __init__(self) -> None:
        self.is_asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, _: int, __: FrameType | None) -> None:
        self.is_asked = True


@contextmanager
def _no_echo() -> Iterator[None]:
    """Meanwhile Enter does not move the terminal's cursor, which would tear the timeline."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _ring_on_enter(
    supervisor: Supervisor, bus: Bus, settings: Settings, timeline: Timeline
) -> None:
    """In its own thread: each line is a press, and may name the door; the broker is not needed."""
    for line in sys.stdin:
        try:
            door = door_named(settings, line.strip() or None)
        except SettingsError as error:
            timeline.print(str(error), "red")
            continue
        name = settings.door_name(door)
        if not supervisor.ring(door):
            words = "not pressed, because the hub is not running. Press again when it is"
            timeline.print(f"{name}: {words}", "red")
        elif not bus.connected.is_set():
            words = "rang; it is journaled, and published when a broker answers"
            timeline.print(f"{name} {words}", "yellow")
