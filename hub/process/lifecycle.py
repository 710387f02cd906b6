"""The life of every process of ours: settings, logs, signals, and the right exit code."""

import ctypes
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from config import Settings, SettingsError
from config.reading.sources import find, load
from hub.process import restore_guard, state_place
from hub.store.state import StateError
from hub.system.log.logs import set_up_logs

COLLECT_AFTER = 5000  # new objects; one press makes some hundred that stay for a moment
log = logging.getLogger("doorbell")
_has_on_stop = threading.Event()
_ended_for_good = threading.Event()


def end_for_good(reason: str) -> None:
    """End this process with EX_CONFIG: starting it again does not help until a person has acted.

    It ends in order, as by SIGTERM; at once where it is not yet ready for that. May be called from
    any thread.
    """
    log.error("%s", reason)
    _ended_for_good.set()
    if not _has_on_stop.is_set():
        os._exit(os.EX_CONFIG)
    os.kill(os.getpid(), signal.SIGTERM)


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` once, at SIGTERM, and at Ctrl-C unless the parent, `doorbell run`, handles that.

    It is called in a thread of its own. A signal interrupts the main thread anywhere, even in the
    handler of the signal before (a dying parent sends several: prctl(2), PR_SET_PDEATHSIG), and
    whatever takes a lock there may wait for itself.
    """
    asked: SimpleQueue[None] = SimpleQueue()  # the one queue that a signal handler may use

    def end(_: int, __: FrameType | None) -> None:
        asked.put(None)

    def wait() -> None:
        asked.get()
        stop()

    threading.Thread(target=wait, name="stop", daemon=True).start()
    is_supervised = "DOORBELL_SUPERVISED" in os.environ
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN if is_supervised else end)
    _has_on_stop.set()


def settle_in() -> None:
    """From now on the collector passes over what was made to stay, and looks less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)  # what only the start needed


def serve(name: str, main: Callable[[Settings], None], config: Path | None = None) -> None:
    """Read the settings, and run a process's main function with them.

    Faults in the settings end the process with EX_CONFIG (78), faults of the disk with EX_TEMPFAIL.

    Args:
        name: Of the process, for its log.
        main: What it does until it is to end.
        config: The settings file; None to look for it.
    """
    set_up_logs("INFO", name)
    os.umask(0o027)  # other users must not read events and pictures
    try:
        path = find(config)
        settings = load(path)
        restore_guard.refuse(path, settings)
        state_place.refuse(settings)
        logging.getLogger().setLevel(settings.log_level)
        main(settings)
        if _ended_for_good.is_set():
            sys.exit(os.EX_CONFIG)
    except SettingsError as error:
        for fault in error.faults:
            log.error("%s", fault)  # noqa: TRY400 - the sentence says it; a traceback would hide it
        sys.exit(os.EX_CONFIG)
    except StateError as error:
        log.error("%s", error)  # noqa: TRY400 - likewise
        sys.exit(os.EX_TEMPFAIL)
