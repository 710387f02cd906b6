"""`doorbell setup`: the first configuration, asked over a terminal."""

import logging
import os
import select
import signal
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from config import SettingsError, places
from config.reading import sources
from hub.admin.install import units
from hub.admin.install.orders import OrderError, systemctl
from hub.system.log.visible import visible
from hub.terminal.options import ConfigOption
from hub.terminal.output import complain, say

if TYPE_CHECKING:
    from hub.admin.setup.draft import Draft

ENDINGS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
INTERRUPTED = 130  # what a shell gives for SIGINT
NO_TERMINAL = (
    "✗ doorbell setup asks questions, so it needs a terminal.",
    "  Over SSH: ssh -t HOST sudo doorbell setup",
    "  Without one, write doorbell.toml yourself (docs/settings.md), and run doorbell check.",
)


def setup(config: ConfigOption = None) -> None:
    """Set up door, button, camera, sound, phone and broker, one question after the other."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain(*NO_TERMINAL)
        sys.exit(2)
    # Imported here, because what the steps need would make every command slow.
    from hub.admin.setup.draft import Draft  # noqa: PLC0415
    from hub.admin.setup.target import TargetError, target  # noqa: PLC0415

    logging.getLogger().addHandler(logging.NullHandler())  # the steps show what matters
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:FATAL")
    for ending in ENDINGS:  # a broken connection ends it as Ctrl-C does
        signal.signal(ending, _end)
    try:
        _ask(Draft(target(config)))
    except TargetError as error:
        complain(f"✗ {error}")
        sys.exit(1)
    except (KeyboardInterrupt, EOFError):
        say("", "Nothing was changed.")
        sys.exit(INTERRUPTED)


def _ask(draft: "Draft") -> None:
    from hub.admin.setup.dialog import Dialog  # noqa: PLC0415
    from hub.admin.setup.steps import agree_to_write, ask_all  # noqa: PLC0415
    from hub.admin.setup.target import is_installed  # noqa: PLC0415

    with suppress(ImportError):
        import readline  # noqa: PLC0415 - makes the arrow keys work

        readline.set_auto_history(False)  # secrets are typed here
    new = ", a new file" if draft.is_new else ""
    say(f"This sets up {draft.path}{new}.")
    if draft.path != places.INSTALLED and is_installed(places.INSTALLED):
        say(f"! The installed doorbell reads {places.INSTALLED}, not this file. To set that up:")
        say(f"  sudo doorbell setup --config {places.INSTALLED}")
    say("Enter accepts what is in brackets, s skips a step, Ctrl-C ends without a change.")
    dialog = Dialog(say, _read, _pressed)
    ask_all(dialog, draft)
    if not draft.is_changed:
        say("", "Everything is as it was: there is nothing to write.")
        return
    if not agree_to_write(dialog, draft):
        say("", "Nothing was changed.")
        return
    _hear_no_ending()  # it is too late: the file is being replaced
    before = draft.write()
    kept = f"; the one before is {before}" if before else ""
    say("", f"✓ {draft.path} is written{kept}.")
    say(_what_now(draft.path))


def _end(*_: object) -> None:
    """End as Ctrl-C does; a second signal does not disturb the tidying up."""
    _hear_no_ending()
    raise KeyboardInterrupt


def _hear_no_ending() -> None:
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


def _read(prompt: str) -> str:
    """Ask; what was typed before the question was shown is not an answer to it."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    try:
        return input(visible(prompt))
    except EOFError:
        _hear_no_ending()
        raise


def _pressed(timeout_s: float) -> bool:
    """Whether Enter was pressed within that time."""
    if not select.select([sys.stdin], [], [], timeout_s)[0]:
        return False
    sys.stdin.readline()
    return True


def _what_now(path: Path) -> str:
    if units.is_booted() and path == places.INSTALLED:
        try:
            systemctl("is-active", "doorbell-handlers.path")
        except OrderError:
            return "Start it now, and at each boot: sudo systemctl enable --now doorbell.target"
        return (
            "systemd restarts everything with it; `sudo doorbell handlers` shows the state. "
            "Now ring the bell."
        )
    option = ""
    with suppress(SettingsError, OSError):
        option = "" if sources.find() == path else f" --config {path}"
    return f"Now: doorbell run{option}"
