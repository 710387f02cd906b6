"""`doorbell run`: everything in the foreground."""

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console

from config import Settings, SettingsError, sources
from hub.mqtt.bus import Bus
from hub.plugin import loader
from hub.process.supervisor import TICK_S, Supervisor
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.timeline import Timeline


def run(config: ConfigOption = None) -> None:
    """Start everything in the foreground. Enter rings the bell, Ctrl-C ends it."""
    settings, path = read_settings(config)
    console = Console(highlight=False)
    if path == sources.DEMO:
        console.print(
            "no doorbell.toml here: this is the demo, with simulated devices", style="dim"
        )
    faults = loader.unknown_tables(settings, path.name)
    for fault in faults:
        console.print(f"✗ {fault}", style="red")
    timeline: list[Timeline] = []

    def echo(name: str, line: str) -> None:
        (timeline[0].say if timeline else console.print)(f"{name}: {line}")

    os.umask(0o027)
    if "log_level" not in settings.model_fields_set:
        os.environ["DOORBELL_LOG_LEVEL"] = (
            "WARNING"  # for the children: the timeline tells the rest
        )
    supervisor = Supervisor(settings, path, echo)
    settings = supervisor.start()
    bus = Bus(settings.broker, f"doorbell-run-{os.getpid()}")
    timeline.append(Timeline(bus, console))
    doors = ", ".join(settings.doors)
    console.print(f"broker {bus.address} · doors {doors} · Enter rings the bell, Ctrl-C ends")
    console.print(
        f"journals, pictures and clips: {settings.state_dir}", style="dim", soft_wrap=True
    )
    bus.start()
    timeline[0].start()
    for ending in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # whoever asks, and also where a shell had Ctrl-C ignored
        signal.signal(ending, signal.default_int_handler)
    threading.Thread(
        target=_ring_on_enter, args=(supervisor, bus, settings, timeline[0]), daemon=True
    ).start()
    try:
        with _no_echo():
            while True:
                supervisor.tick()
                timeline[0].watch_broker()
                time.sleep(TICK_S)
    except KeyboardInterrupt:
        pass
    finally:
        timeline[0].stop()
        bus.stop()
        supervisor.stop()


@contextmanager
def _no_echo() -> Iterator[None]:
    """While this lasts, Enter does not move the terminal's cursor: it would tear the live timeline."""
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
    """In its own thread: each line is a press, and may name the door. The hub is told with no broker in between."""
    for line in sys.stdin:
        try:
            door = door_named(settings, line.strip() or None)
        except SettingsError as error:
            timeline.say(str(error), "red")
            continue
        name = settings.door_name(door)
        if not supervisor.ring(door):
            timeline.say(
                f"{name}: not pressed, because the hub does not run. Press again when it does",
                "red",
            )
        elif not bus.connected.is_set():
            timeline.say(
                f"{name} rang; it is written down, and told when a broker answers", "yellow"
            )
