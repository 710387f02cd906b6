"""`doorbell`: the command line."""

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from config import Settings, SettingsError, sources
from config.faults import EX_CONFIG
from hub import cli_trace, loader, secure, show
from hub.again import InboxError
from hub.bus import Bus
from hub.check import check as check_house
from hub.cli_answer import answer
from hub.cli_backup import backup, restore
from hub.cli_dead import dead
from hub.cli_doctor import doctor
from hub.cli_handlers import handlers
from hub.cli_install import install, uninstall
from hub.cli_quiet import quiet
from hub.cli_replay import replay
from hub.cli_setup import setup
from hub.drill_command import drill
from hub.new import write_handler
from hub.options import ConfigOption, door_named, read_settings
from hub.press import PressError, press_and_wait
from hub.supervisor import TICK_S, Supervisor, with_embedded_broker
from hub.timeline import Timeline

app = typer.Typer(
    help="A doorbell hub: one press, independent reactions, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.command()(setup)
app.command()(drill)
app.command()(quiet)
app.command()(answer)
app.command()(install)
app.command()(uninstall)
app.add_typer(secure.app)


def main() -> None:
    """Run the command; faults in settings are told, not thrown."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `doorbell events | head` ends quietly
    try:
        app()
    except SettingsError as error:
        for fault in error.faults:
            print(f"✗ {fault}", file=sys.stderr)
        sys.exit(EX_CONFIG)
    except InboxError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)


cli_trace.add_to(app)
app.command()(replay)
app.command()(backup)
app.command()(restore)
app.add_typer(dead, name="dead")
app.add_typer(doctor, name="doctor")
app.add_typer(handlers, name="handlers")


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=lambda wanted: _print_version() if wanted else None, is_eager=True)
    ] = False,
) -> None:
    """A doorbell hub: one press, independent reactions, nothing lost."""


@app.command()
def run(config: ConfigOption = None) -> None:
    """Start everything in the foreground. Enter rings the bell, Ctrl-C ends it."""
    settings, path = read_settings(config)
    console = Console(highlight=False)
    if path == sources.DEMO:
        console.print("no doorbell.toml here: this is the demo, with simulated devices", style="dim")
    faults = loader.unknown_tables(settings, path.name)
    for fault in faults:
        console.print(f"✗ {fault}", style="red")
    timeline: list[Timeline] = []

    def echo(name: str, line: str) -> None:
        (timeline[0].say if timeline else console.print)(f"{name}: {line}")

    os.umask(0o027)
    if "log_level" not in settings.model_fields_set:
        os.environ["DOORBELL_LOG_LEVEL"] = "WARNING"  # for the children: the timeline tells the rest
    supervisor = Supervisor(settings, path, echo)
    settings = supervisor.start()
    bus = Bus(settings.broker, f"doorbell-run-{os.getpid()}")
    timeline.append(Timeline(bus, console))
    doors = ", ".join(settings.doors)
    console.print(f"broker {bus.address} · doors {doors} · Enter rings the bell, Ctrl-C ends")
    console.print(f"journals, pictures and clips: {settings.state_dir}", style="dim", soft_wrap=True)
    bus.start()
    timeline[0].start()
    for ending in (signal.SIGINT, signal.SIGTERM):  # whoever asks, and also where a shell had Ctrl-C ignored
        signal.signal(ending, signal.default_int_handler)
    threading.Thread(target=_ring_on_enter, args=(supervisor, bus, settings, timeline[0]), daemon=True).start()
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


@app.command()
def press(
    door: Annotated[str | None, typer.Argument(help="Which door; else the first one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Press the button of a door from here."""
    settings, _ = read_settings(config)
    settings = with_embedded_broker(settings)
    try:
        event = press_and_wait(settings, door_named(settings, door))
    except PressError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)
    print(f"{event.data.get('name', event.subject)} rang: {event.id}")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Check all settings and handler files, and tell every fault at once."""
    path = sources.find(config)
    faults: list[str] = []
    try:
        settings = sources.load(path)
    except SettingsError as error:
        if error.usable is None:
            raise
        faults, settings = [*error.faults], error.usable
    report = check_house(settings, path)
    for line in report.good:
        print(f"✓ {line}")
    faults += report.faults
    for fault in faults:
        print(f"✗ {fault}", file=sys.stderr)
    if faults:
        sys.exit(EX_CONFIG)
    print(f"✓ {path}: {len(settings.doors)} door{'s' * (len(settings.doors) > 1)}")


@app.command("config")
def show_config(config: ConfigOption = None) -> None:
    """Print the settings in force, secrets masked."""
    settings, path = read_settings(config)
    print(f"# {path}")
    print(show.settings_in_force(settings))


@app.command()
def new(name: str, config: ConfigOption = None) -> None:
    """Write a handler file to begin with, and its test."""
    settings, _ = read_settings(config)
    for file in write_handler(name, settings.handlers_dir):
        print(f"✓ {file}")


def _print_version() -> None:
    print(f"doorbell {version('doorbell-hub')}")
    raise typer.Exit


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


def _ring_on_enter(supervisor: Supervisor, bus: Bus, settings: Settings, timeline: Timeline) -> None:
    """In its own thread: each line is a press, and may name the door. The hub is told with no broker in between."""
    for line in sys.stdin:
        try:
            door = door_named(settings, line.strip() or None)
        except SettingsError as error:
            timeline.say(str(error), "red")
            continue
        name = settings.door_name(door)
        if not supervisor.ring(door):
            timeline.say(f"{name}: not pressed, because the hub does not run. Press again when it does", "red")
        elif not bus.connected.is_set():
            timeline.say(f"{name} rang; it is written down, and told when a broker answers", "yellow")


if __name__ == "__main__":
    main()
