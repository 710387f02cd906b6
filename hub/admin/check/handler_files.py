"""Loads handler files for inspection only: by `check`, `doctor`, `setup` and `config`."""

import os
import pwd
import stat
import threading
from pathlib import Path

from config import Settings, SettingsError
from hub.plugin import loader
from hub.plugin.loader import HandlerFile

PATIENCE_S = 30.0  # on a Pi Zero 2 W with nothing else to do the largest take three


class Inspection:
    """Loads each file once; one that hangs is left behind.

    Root runs no code that another user may change: such a user would become root by it.

    Args:
        settings: Those of the house.
        patience_s: How long one file may take, in seconds.
    """

    def __init__(self, settings: Settings, patience_s: float = PATIENCE_S) -> None:
        self._settings = settings
        self._patience_s = patience_s
        self._found: dict[Path, HandlerFile | SettingsError] = {}

    def of(self, path: Path) -> HandlerFile:
        """The handler in a file.

        Raises:
            SettingsError: with every fault in the file and its settings; also when it hangs, or
                when another user could change what root would run.
        """
        if path not in self._found:
            self._found[path] = self._load(path)
        found = self._found[path]
        if isinstance(found, SettingsError):
            raise SettingsError(found.faults, found.usable)
        return found

    def _load(self, path: Path) -> HandlerFile | SettingsError:
        if os.geteuid() == 0 and not loader.is_shipped(path):
            risk = _risk_for_root(path)
            if risk:
                places = f"{path.parent} {path}"
                mend = f"sudo chown root: {places} && sudo chmod go-w {places}"
                fault = f"{path.name}: {risk}, and you are root: it was not loaded. {mend}"
                return SettingsError([fault])
        done: list[HandlerFile | SettingsError] = []

        def load() -> None:
            try:
                done.append(loader.load(path, self._settings))
            except SettingsError as error:
                done.append(error)

        thread = threading.Thread(target=load, name=f"load-{path.stem}", daemon=True)
        thread.start()
        thread.join(self._patience_s)
        if done:
            return done[0]
        late = f"loading it takes longer than {self._patience_s:g} s"
        hint = "Code that waits or loops belongs in its function"
        return SettingsError([f"{path.name}: {late}. {hint}"])


def _risk_for_root(path: Path) -> str:
    """Which other user may change the file; empty when only root may."""
    for place in (path, path.parent):
        facts = place.stat()
        if facts.st_uid:
            return f"{place} belongs to {_user(facts.st_uid)}"
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not facts.st_mode & stat.S_ISVTX:
            return f"{place} can be written by others"
    return ""


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
