"""Looks at handler files in a child process, because one may end its process (`os._exit`)."""

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

from config import Settings, SettingsError
from hub.admin.check.handler_files import Inspection
from hub.process.parent import end_with_parent
from hub.terminal.output import complain

Answer = TypeVar("Answer")
ENDINGS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


def inspected(settings: Settings, work: Callable[[Inspection], Answer]) -> Answer:
    """What `work` finds out with an inspection of the house's handler files.

    It works in a child of this process. When a file ends the child, the work begins anew in
    another child, and there that is a fault of this file. So it loads all files that it needs
    before it does anything that must not be done twice.

    Args:
        settings: Those of the house.
        work: Returns, or raises, what can be pickled.
    """
    ended: dict[Path, SettingsError] = {}
    while True:
        with _shared("running") as running, _shared("result") as result:
            child = _fork()
            if not child:
                _work(work, settings, ended, running, result)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            file = Path(os.fsdecode(_content(running)))
            if done := _content(result):
                answer: Answer = _unpacked(done)
                return answer
        if not file.name:
            _end(code)
        ended[file] = SettingsError([_fault(file, code)])


def _shared(name: str) -> IO[bytes]:
    """A file in memory; what the child writes there outlives it."""
    return os.fdopen(os.memfd_create(name), "r+b", buffering=0)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _fork() -> int:
    """Fork; what is not yet written is written first, else both would write it."""
    sys.stdout.flush()
    sys.stderr.flush()
    return os.fork()


def _work(
    work: Callable[[Inspection], Answer],
    settings: Settings,
    ended: dict[Path, SettingsError],
    running: IO[bytes],
    result: IO[bytes],
) -> NoReturn:
    """In the child: leave the result, and end without whatever the parent does at its end."""
    for ending in ENDINGS:  # the parent has words for it
        if signal.getsignal(ending) != signal.SIG_IGN:  # as with nohup
            signal.signal(ending, signal.SIG_DFL)
    end_with_parent()

    def note(file: Path | None) -> None:
        running.truncate(0)
        os.pwrite(running.fileno(), os.fsencode(file) if file else b"", 0)

    answer, error = None, None
    try:
        answer = work(Inspection(settings, known=ended, on_code=note))
    except BaseException as raised:  # noqa: BLE001 - the parent raises it
        raised.add_note(traceback.format_exc())  # a traceback cannot be pickled
        error = raised
    result.write(pickle.dumps((answer, error)))
    with suppress(OSError):  # as on a full disk
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _unpacked(result: bytes) -> Any:
    answer, error = pickle.loads(result)  # noqa: S301 - our own child has written it
    if error is not None:
        raise error
    return answer


def _end(code: int) -> NoReturn:
    """End as the child did, in which no file was being loaded; say so unless it was told to end."""
    if -code not in (*ENDINGS, signal.SIGPIPE):
        hint = "Perhaps code of a handler file did it, as in a thread"
        complain(f"✗ something has ended this command ({_how(code)}). {hint}")
    sys.exit(128 - code if code < 0 else code or 1)  # as a shell tells it; its work is not done


def _fault(file: Path, code: int) -> str:
    hint = "Look at what it and its imports do when they are loaded"
    return f"{file.name}: its code has ended the process that loads it ({_how(code)}). {hint}"


def _how(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal {-code}: {signal.strsignal(-code)}"
