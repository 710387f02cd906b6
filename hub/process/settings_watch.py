"""Finds the faults of changed settings before `doorbell run` restarts anything with them."""

import time
from collections.abc import Collection, Mapping
from pathlib import Path

from config import Settings, SettingsError
from config.faults import EX_CONFIG
from config.reading import sources
from hub.process import settings_copy
from hub.process.child import Child, Echo
from hub.process.file_watch import FileWatch
from hub.process.launch import Launcher
from hub.process.settings_trial import UNCHANGED

TRIAL_S = 60.0  # a handler file that hangs is no fault of the settings
NAME = "doorbell"


class SettingsWatch:
    """Follows the settings file, and keeps a copy of the last settings without faults."""

    def __init__(
        self,
        config: Path,
        folder: Path,
        echo: Echo,
        environment: Mapping[str, str],
        launcher: Launcher,
    ) -> None:
        """Prepare.

        Args:
            config: The settings file.
            folder: Where the copies are; it exists when `begin` is called.
            echo: Called with `doorbell` and each line about changed settings.
            environment: Of the processes.
            launcher: Starts a process that tries the settings.
        """
        self._config = config
        self._echo = echo
        self._environment = environment
        self._launcher = launcher
        self.copy = folder / ".run.toml"
        self._tried = folder / ".run-tried.toml"
        self._file = FileWatch()
        self._file.note_read(config)
        self._trial: Child | None = None
        self._settings: Settings | None = None
        self._deadline = 0.0

    def begin(self) -> None:
        """Keep a copy of the settings as they are now.

        Raises:
            OSError: it cannot be written.
        """
        settings_copy.write(self._config, self.copy)

    def end(self) -> None:
        """Remove what was kept."""
        self._end_trial()
        for copy in (self.copy, self._tried):
            copy.unlink(missing_ok=True)

    def changed(self, handlers: Collection[Path]) -> Settings | None:
        """The new settings, once they are found to have no faults; called now and then.

        Args:
            handlers: The files of the handlers that work with the settings of before.
        """
        if self._file.has_changed(self._config):
            self._file.note_read(self._config)
            self._end_trial()
            self._try(handlers)
        if self._trial is None or not self._is_over(self._trial):
            return None
        if self._end_trial() == EX_CONFIG:
            return None
        self._tried.replace(self.copy)
        return self._settings

    def _try(self, handlers: Collection[Path]) -> None:
        try:
            settings_copy.write(self._config, self._tried)
            self._settings = sources.load(self._config, self._tried)
        except SettingsError as error:
            for fault in error.faults:
                self._echo(NAME, f"{fault} {UNCHANGED}")
            return
        except OSError as error:
            self._echo(NAME, f"{error}. {UNCHANGED}")
            return
        command = ["-m", "hub.process.settings_trial", *map(str, handlers)]
        environment = {**self._environment, settings_copy.VARIABLE: str(self._tried)}
        self._trial = Child(NAME, command, environment, self._echo, launcher=self._launcher)
        self._deadline = time.monotonic() + TRIAL_S
        self._trial.tick()

    def _is_over(self, trial: Child) -> bool:
        return trial.process is None or trial.has_ended or time.monotonic() > self._deadline

    def _end_trial(self) -> int | None:
        """End it, if there is one; returns its exit code if it ended by itself."""
        trial, self._trial = self._trial, None
        if trial is None or trial.process is None:
            return None
        code = trial.process.poll()
        trial.end()
        trial.wait_ended(time.monotonic())
        return code
