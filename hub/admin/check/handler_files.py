"""Handler files loaded only to be looked at, by `check`, `doctor`, `setup` and `config`."""

import os
import pwd
import stat
import threading
from pathlib import Path

from config import Settings, SettingsError
from hub.plugin import loader
from hub.plugin.loader import HandlerFile

PATIENCE_S = 10.0  # on a Pi Zero 2 W the largest take three


class Inspection:
    """Loads each file once, whoever asks; one that hangs is left behind.

    Root runs no code that somebody else may write: who can save a file there would be root by it.

    Args:
        settings: Those of the house.
        patience_s: How long one file may take.
    """

    def __init__(self, settings: Settings, patience_s: float = PATIENCE_S) -> None:
        self._settings, self._patience_s = settings, patience_s
        self._found: dict[Path, HandlerFile | SettingsError] = {}

    def of(self, path: Path) -> HandlerFile:
        """One file.

        Raises:
            SettingsError: with every fault found in it and in its settings; also when it hangs, or is not for root.
        """
        if path not in self._found:
            self._found[path] = self._load(path)
        found = self._found[path]
        if isinstance(found, SettingsError):
            raise SettingsError(found.faults, found.usable)
        return found

    def _load(self, path: Path) -> HandlerFile | SettingsError:
        if os.geteuid() == 0 and path.parent != loader.SHIPPED and (who := _who_else_writes(path)):
            mend = f"sudo chown root: {path.parent} {path} && sudo chmod go-w {path.parent} {path}"
            return SettingsError(
                [f"{path.name}: {who}, and you are root: it was not looked into. {mend}"]
            )
        done: list[HandlerFile | SettingsError] = []

        def load() -> None:
            try:
                done.append(loader.load(path, self._settings))
            except SettingsError as error:
                done.append(error)

        thread = threading.Thread(target=load, name=f"load-{path.stem}", daemon=True)
        thread.start()
        thread.join(self._patience_s)
        late = f"loading it takes longer than {self._patience_s:g} s. What waits, or loops, belongs into its function"
        return done[0] if done else SettingsError([f"{path.name}: {late}"])


def _who_else_writes(path: Path) -> str:
    """Who may change what root would run; empty when root alone may."""
    for place in (path, path.parent):
        facts = place.stat()
        if facts.st_uid:
            return f"{place} belongs to {_user(facts.st_uid)}"
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not facts.st_mode & stat.S_ISVTX:
            return f"{place} can be written by others"
    return ""


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
