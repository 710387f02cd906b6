"""Loads handler files for inspection only, and not to react: by `check`, `doctor` and others."""

import os
import stat
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from config import Settings, SettingsError
from hub.plugin import loader
from hub.plugin.files import author_code, handler_source
from hub.plugin.loader import HandlerFile
from hub.process import load_limit
from hub.system.files.folder_owner import owner_of, user_name

Answer = TypeVar("Answer")


class Inspection:
    """Loads each file once; one that hangs is left behind.

    Root runs no code that another user may change: such a user would become root by it.

    Args:
        settings: Those of the house.
        patience_s: How long one file may take, in seconds.
        known: Faults of files that are known already: these are not loaded.
        on_code: Called with a file before its code runs, and with None after it.
    """

    def __init__(
        self,
        settings: Settings,
        patience_s: float = load_limit.WARN_S,
        known: Mapping[Path, SettingsError] = MappingProxyType({}),
        on_code: Callable[[Path | None], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._patience_s = patience_s
        self._found: dict[Path, HandlerFile | SettingsError] = {**known}
        self._on_code = on_code

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

    def named(self, name: str) -> HandlerFile:
        """The handler of this name.

        Raises:
            SettingsError: there is none, or as `of` says.
        """
        return self.of(loader.locate(name, self._settings))

    def absent(self, file: HandlerFile) -> list[str]:
        """A line for each thing that is not there now, as the file's `Config.absent` has it.

        Raises:
            SettingsError: it raises something, returns something else, or hangs.
        """
        ask = partial(author_code.lines, file.path, file.config.absent, "absent")
        return self._in_time(file.path, ask, "its Config.absent()")

    def _load(self, path: Path) -> HandlerFile | SettingsError:
        try:
            _refuse_risk(path)
            return self._in_time(path, partial(loader.load, path, self._settings), "loading it")
        except SettingsError as error:
            return error

    def _in_time(self, path: Path, work: Callable[[], Answer], what: str) -> Answer:
        """What this code of the file returns, in a thread that is left behind when it hangs."""
        done: list[Answer] = []
        failed: list[SettingsError] = []

        def run() -> None:
            try:
                with author_code.guarded(path):
                    done.append(work())
            except SettingsError as error:
                failed.append(error)

        thread = threading.Thread(target=run, name=f"load-{path.stem}", daemon=True)
        self._on_code(path)
        try:
            thread.start()
            thread.join(self._patience_s)
        finally:
            self._on_code(None)
        if done:
            return done[0]
        if failed:
            raise failed[0]
        raise SettingsError([author_code.too_long(path, what, self._patience_s)])


def _refuse_risk(path: Path) -> None:
    """Refuse to run as root what another user may change."""
    if os.geteuid() != 0 or loader.is_shipped(path):
        return
    handler_source.read(path)  # what is no file has no owner that could be changed
    try:
        owner = owner_of(path)
        risk = _risk_for_root(path)
    except OSError as error:
        raise SettingsError([handler_source.refusal(path, error)]) from None
    places = f"{path.parent} {path}"
    mend = f"sudo chown root: {places} && sudo chmod go-w {places}"
    if owner and owner.path not in (path, path.parent):  # it may exchange what lies below
        name = user_name(owner.uid)
        risk, mend = f"{owner.path} belongs to {name}", f"Write: sudo -u {name} doorbell …"
    if risk:
        fault = f"{path.name}: {risk}, and you are root: it was not loaded. {mend}"
        raise SettingsError([fault])


def _risk_for_root(path: Path) -> str:
    """Which other user may change the file; empty when only root may."""
    for place in (path, path.parent):
        facts = place.stat()
        if facts.st_uid:
            return f"{place} belongs to {user_name(facts.st_uid)}"
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not facts.st_mode & stat.S_ISVTX:
            return f"{place} can be written by others"
    return ""
