"""What all our processes have in common: their logs, their signals, the end with the right exit code."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from config import Settings, SettingsError
from config.faults import EX_CONFIG
from config.sources import find, load_lean
from hub.process.restore_guard import refuse
from hub.store.database import StateError
from hub.system.logs import set_up_logs

EX_TEMPFAIL = 75  # sysexits.h: trying again later may help
log = logging.getLogger("doorbell")


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` when somebody wants us to end. Ctrl-C is left to the supervisor, which then tells everybody."""

    def ring(_: int, __: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, ring)
    signal.signal(signal.SIGINT, signal.SIG_IGN if "DOORBELL_SUPERVISED" in os.environ else ring)


def serve(name: str, main: Callable[[Settings], None], config: Path | None = None) -> None:
    """Run a process's main function with the settings; faults in them end it with EX_CONFIG (78)."""
    set_up_logs("INFO", name)
    os.umask(0o027)  # who rang, and the pictures, are nobody else's business
    try:
        settings = load_lean(path := find(config))
        refuse(path, settings)
        logging.getLogger().setLevel(settings.log_level)
        main(settings)
    except SettingsError as error:
        for fault in error.faults:
            log.error("%s", fault)  # noqa: TRY400 - the person needs the sentence, not our stack
        sys.exit(EX_CONFIG)
    except StateError as error:
        log.error("%s", error)  # noqa: TRY400 - likewise
        sys.exit(EX_TEMPFAIL)
