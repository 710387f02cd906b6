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

from config import SettingsError, places, sources
from hub.admin.install import instances, units
from hub.admin.install.mosquitto import OrderError
from hub.terminal.options import ConfigOption

if TYPE_CHECKING:
    from hub.admin.setup.file import Draft

ENDINGS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
INTERRUPTED = 130  # what a shell gives for SIGINT
NO_TERMINAL = """\
✗ doorbell setup asks questions, so it needs a terminal. Over SSH: ssh -t HOST sudo doorbell setup
  Without one, write doorbell.toml yourself (docs/settings.md), and let doorbell check look at it."""


def setup(config: ConfigOption = None) -> None:
    """Set up the door, button, camera, sound and phone, one question after the other, and try each out."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(NO_TERMINAL, file=sys.stderr)
        sys.exit(2)
    from hub.admin.setup import file  # noqa: PLC0415 - what the steps need would make every command slow

    logging.getLogger().addHandler(logging.NullHandler())  # what there is to say, the steps say
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:FATAL")
    for ending in ENDINGS:  # a connection that breaks is a Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    try:
        draft = file.Draft(file.target(config))
        _ask(draft)
    except file.TargetError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, EOFError):
        print("\nNothing was changed.")
        sys.exit(INTERRUPTED)


def _ask(draft: "Draft") -> None:
    from hub.admin.setup.dialog import Dialog  # noqa: PLC0415
    from hub.admin.setup.steps import agree_to_write, ask_all  # noqa: PLC0415

    with suppress(ImportError):
        import readline  # noqa: PLC0415 - the arrow keys work in what is typed

        readline.set_auto_history(False)  # secrets are typed here
    print(f"This sets up {draft.path}{', which is not there yet' if draft.is_new else ''}.")
    print("Enter takes what is in brackets, s skips a step, Ctrl-C ends without a change.")
    dialog = Dialog(print, _read, _pressed)
    ask_all(dialog, draft)
    if not draft.is_changed:
        print("\nEverything is as it was: there is nothing to write.")
        return
    if not agree_to_write(dialog, draft):
        print("\nNothing was changed.")
        return
    for ending in ENDINGS:  # too late: it is written, whole
        signal.signal(ending, signal.SIG_IGN)
    before = draft.write()
    print(f"\n✓ {draft.path} is written{f'; the one before is {before}' if before else ''}.")
    print(_what_now(draft.path))


def _read(prompt: str) -> str:
    """What was typed before the question was there is no answer to it."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    return input(prompt)


def _pressed(timeout_s: float) -> bool:
    """Whether Enter was pressed within that time."""
    if not select.select([sys.stdin], [], [], timeout_s)[0]:
        return False
    sys.stdin.readline()
    return True


def _what_now(path: Path) -> str:
    if units.is_booted() and path == places.INSTALLED:
        try:
            instances.systemctl("is-active", "doorbell-handlers.path")
        except OrderError:
            return "Start it now, and at each boot: sudo systemctl enable --now doorbell.target"
        return "systemd starts everything again with it. `doorbell handlers` shows how they are; now ring."
    option = ""
    with suppress(SettingsError, OSError):
        option = "" if sources.find() == path else f" --config {path}"
    return f"Now: doorbell run{option}"
