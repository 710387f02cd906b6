"""Sets up the log of a process."""

import logging
import sys
import threading
from types import TracebackType

from hub.system.log import journald
from hub.system.log.log_format import PlainFormatter
from hub.system.log.visible import visible

log = logging.getLogger("doorbell")


def set_up_logs(level: str, name: str) -> None:
    """Log to journald where systemd runs the process, else to standard error, one line each.

    What ends a thread or the process, and what Python warns of, goes to the log, too.

    Args:
        level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.
        name: The process's name, which is in every line.
    """
    handler: logging.Handler
    if journald.is_wanted():
        handler = journald.JournaldHandler(name)
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(PlainFormatter(f"%(levelname)s {visible(name)}: %(message)s"))
    handler.handleError = _say_what_is_unwritable  # type: ignore[method-assign]
    logging.basicConfig(level=level, handlers=[handler])
    # No line of ours names them (https://docs.python.org/3/howto/logging.html#optimization).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_end_of_process
    threading.excepthook = _log_end_of_thread


def _say_what_is_unwritable(record: logging.LogRecord) -> None:
    """In place of Python's own text, which shows the arguments of the call as they are."""
    error = type(sys.exception()).__name__
    line = f"ERROR a line of the log cannot be written ({error})"
    sys.stderr.write(f"{line}: {visible(record.pathname)}, line {record.lineno}\n")


def _log_end_of_process(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("the process ends: %s", kind.__name__, exc_info=(kind, error, trace))


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None:
        return
    name = ended.thread.name if ended.thread else "?"
    trace = (ended.exc_type, ended.exc_value, ended.exc_traceback)
    log.critical("the thread %s ends: %s", name, ended.exc_type.__name__, exc_info=trace)
