"""What there is to run: the settings and the handler files, seen while they hold still."""

import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config import Settings, SettingsError
from config.reading import sources
from hub.plugin import loader
from hub.plugin.files import handler_name, handler_source
from hub.system.files import atomic_file

SETTLE_S = 0.2  # an editor may write in several steps: a file must hold still for this long
LOOKS = 25  # a file that changes for longer is left out
CLOCKS_S = 0.05  # the kernel's file times lag behind its clock by a tick, 10 ms at most


@dataclass(slots=True)
class Look:
    """What there is to run.

    Attributes:
        settings: A digest of the settings file; empty before the first look.
        handlers: A digest of each handler's file, by its name.
        saved: When each of these files was saved (Unix time), and the settings under "".
    """

    settings: str = ""
    handlers: dict[str, str] = field(default_factory=dict)
    saved: dict[str, float] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, path: Path) -> "Look":
        """The look that was written there; an empty one where there is none."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Keep it for the next time.

        Raises:
            OSError: it cannot be written.
        """
        text = json.dumps({"settings": self.settings, "handlers": self.handlers})
        atomic_file.write(path, text.encode())


def settled(config: Path) -> tuple[Settings, Look, list[str]]:
    """Look until two looks are the same.

    Returns:
        The settings, the look, and a line for each file that cannot be a handler.

    Raises:
        SettingsError: the settings cannot be read.
        OSError: likewise.
    """
    last: Look | None = None
    for number in itertools.count(1):
        settings = sources.load(config)
        look, faults = _look(config, settings)
        if look == last:
            break
        if last and number > LOOKS and look.settings == last.settings:
            faults += _without_restless(look, last)
            break
        last = look
        time.sleep(SETTLE_S)
    return settings, look, faults


def _without_restless(look: Look, last: Look) -> Iterator[str]:
    """Leave out the files that do not hold still, with a line for each."""
    for name, digest in list(look.handlers.items()):
        if last.handlers.get(name) != digest:
            del look.handlers[name], look.saved[name]
            yield f"{name}.py: changes all the time. Stop what writes to it"


@contextmanager
def noted(mark: Path) -> Iterator[None]:
    """Give the mark the time at which a look began, even if it fails.

    doorbell-handlers-again.service looks for files that are newer than the mark.
    """
    began = time.time() - CLOCKS_S
    try:
        yield
    finally:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        os.utime(mark, (began, began))


def _look(config: Path, settings: Settings) -> tuple[Look, list[str]]:
    look = Look(_digest(config, config.read_bytes()), saved={"": config.stat().st_ctime})
    faults: list[str] = []
    for name, path in loader.find(settings).items():
        if fault := handler_name.fault_in_file(path):
            faults.append(fault)
            continue
        if loader.is_off(path, settings):
            continue
        try:
            look.handlers[name] = _digest_of_handler(path)
            look.saved[name] = 0.0 if loader.is_shipped(path) else path.stat().st_ctime
        except SettingsError as error:
            faults += error.faults
        except OSError as error:
            faults.append(handler_source.refusal(path, error))
    return look, faults


def _digest_of_handler(path: Path) -> str:
    """Ours change with the program only, and then `doorbell install` restarts everything."""
    if loader.is_shipped(path):
        return "shipped"
    return _digest(path, handler_source.read(path))


def _digest(path: Path, content: bytes) -> str:
    """Of place and content: a user's file replaces ours of the same name."""
    return hashlib.sha256(os.fsencode(path) + b"\0" + content).hexdigest()
